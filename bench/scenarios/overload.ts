import { availableParallelism } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { type Answer, ask, startClient } from '../client.ts';
import { startPictor, variantPath } from '../pictor.ts';
import type { Measured } from '../processes.ts';
import { madeAll, untilAtRest } from '../rest.ts';
import { median, ofRounds, percentile } from '../rounds.ts';
import type { Bench, Row } from './jobs.ts';

/** 200 cold 12 MP requests at once while hits are asked for 300 times a second, whether or not answers keep up. */
export async function overload(bench: Bench): Promise<Row[]> {
  const rounds = bench.full ? 5 : 3;
  const seen: Round[] = [];
  // A queue that holds all of them: what is measured is how hits and memory fare meanwhile, not how soon we say 503.
  const server = await startPictor(bench, {
    PICTOR_ADMISSION_PROCESS_QUEUE: '400',
    PICTOR_ADMISSION_MAX_WAIT_SECONDS: '60',
    IMGPROXY_TIMEOUT: '60',
  });
  try {
    for (let round = 0; round < rounds; round++) seen.push(await flood(bench, server, round));
    const memory = seen.map((each) => each.peakMegabytes / each.idleMegabytes);
    const scenario = '200 cold at once';
    const p99 = (pick: (round: Round) => readonly number[]) =>
      seen.map((round) => percentile(pick(round), 0.99));
    const [idle, busy] = [p99((round) => round.idle), p99((round) => round.probes)];
    bench.say('overload done');
    return [
      {
        scenario,
        measure: 'cold operations per second',
        value: median(seen.map((each) => 200 / each.seconds)),
        unit: '/s',
      },
      { scenario, measure: 'hit p99 when idle', ...ofRounds(idle), unit: 'ms' },
      { scenario, measure: 'hit p99 meanwhile', ...ofRounds(busy), unit: 'ms', bar: { atMost: 6 } },
      {
        scenario,
        measure: 'hit p99 meanwhile over idle',
        ...ofRounds(busy.map((each, round) => each / idle[round]!)),
        unit: '×',
        bar: { atMost: 5 },
      },
      {
        scenario,
        measure: 'peak over idle memory',
        ...ofRounds(memory),
        unit: '×',
        bar: { atMost: 2.5 },
        note: `idle ${median(seen.map((each) => each.idleMegabytes)).toFixed(0)} MB, all processes`,
      },
    ];
  } finally {
    await server.stop();
  }
}

interface Round {
  readonly idle: readonly number[];
  readonly probes: readonly number[];
  readonly seconds: number;
  readonly peakMegabytes: number;
  readonly idleMegabytes: number;
}

/**
 * Hits are asked for by a process that does nothing else, 300 times a second, and new pictures by another one: what they do
 * themselves must not be measured as the server's. The second one is niced, as the work it asks for is.
 */
async function flood(bench: Bench, server: Measured, round: number): Promise<Round> {
  const hit = variantPath(bench.sources.small, 300, 'jpg');
  // Every worker has worked once: idle is the state between waves, not before the first.
  await madeAll(
    server,
    [
      hit,
      ...Array.from({ length: 20 }, (_, index) =>
        variantPath(bench.sources.small, 310 + round * 20 + index, 'jpg'),
      ),
    ],
    availableParallelism() * 2,
  );
  await untilAtRest(server);
  const idleMegabytes = server.residentMegabytes();
  const probe = () => startClient({ port: server.port, paths: [hit], repeats: true, perSecond: 300 });
  const idleProbe = probe();
  await pause(bench.full ? 3000 : 1700);
  const idle = await idleProbe.end();

  const busyProbe = probe();
  await pause(settling);
  let peakMegabytes = 0;
  const watch = setInterval(() => {
    peakMegabytes = Math.max(peakMegabytes, server.residentMegabytes());
  }, 100);
  const answers = await ask({
    port: server.port,
    paths: Array.from({ length: 200 }, (_, index) =>
      variantPath(bench.sources.twelve, 400 + round * 200 + index, 'jpg'),
    ),
    nice: 10,
  });
  clearInterval(watch);
  const seconds = Math.max(...answers.map(({ at, ms }) => at + ms)) / 1000;
  const probes = await busyProbe.end();
  return { idle: settled(idle), probes: settled(probes), seconds, peakMegabytes, idleMegabytes };
}

/** Milliseconds in which a client opens its connections and has its code compiled: not the server's time. */
const settling = 500;

const settled = (answers: readonly Answer[]): number[] =>
  answers.filter(({ at }) => at > settling).map(({ ms }) => ms);
