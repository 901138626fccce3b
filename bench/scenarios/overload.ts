import { availableParallelism } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { type Answer, ask, startClient } from '../client.ts';
import { startPictor, variantPath } from '../pictor.ts';
import type { Measured } from '../processes.ts';
import { madeAll, untilAtRest } from '../rest.ts';
import { median, ofRounds, percentile, ratios, turnOf } from '../rounds.ts';
import type { Bench, Row } from './jobs.ts';

/** A queue that holds all of them: what is measured is how hits and memory fare meanwhile, not how soon we say 503. */
const patient = {
  // Every variant of the one photo shall be a first one.
  PICTOR_CACHE_MEZZANINES: '0',
  PICTOR_ADMISSION_PROCESS_QUEUE: '400',
  PICTOR_ADMISSION_MAX_WAIT_SECONDS: '60',
  IMGPROXY_TIMEOUT: '60',
};

/**
 * 200 cold 12 MP requests at once while hits are asked for 300 times a second, whether or not answers keep up. What it costs
 * that workers yield is seen in smaller crowds, short enough that a server whose workers do not has the same machine in its turn.
 */
export async function overload(bench: Bench): Promise<Row[]> {
  const rounds = bench.full ? 5 : 1;
  const turns = bench.full ? 9 : 3;
  const seen: Round[] = [];
  const yielding: Round[] = [];
  const unyielding: Round[] = [];
  const server = await startPictor(bench, patient);
  const other = await startPictor(bench, patient, { yields: false }).catch(async (thrown: unknown) => {
    await server.stop();
    throw thrown;
  });
  try {
    for (let round = 0; round < rounds; round++)
      seen.push(await flood(bench, server, { round, count: 200, idleMs: 2500 }));
    for (let turn = 0; turn < turns; turn++) {
      const lanes = [
        { to: yielding, of: server },
        { to: unyielding, of: other },
      ];
      for (const { to, of } of turnOf(lanes, turn))
        to.push(await flood(bench, of, { round: rounds + turn, count: 40, idleMs: 0 }));
    }
    const memory = seen.map((each) => each.peakMegabytes / each.idleMegabytes);
    const scenario = '200 cold at once';
    // In one round, the 99th percentile of idle hits is its fourth largest: all rounds together tell more.
    const idle = p99Of(seen, (each) => each.idle);
    const busy = p99Of([...seen, ...yielding], (each) => each.probes);
    bench.say('overload done');
    return [
      {
        scenario,
        measure: 'cold operations per second',
        value: median(seen.map(({ ends }) => (ends.length / ends.at(-1)!) * 1000)),
        unit: '/s',
      },
      {
        scenario,
        measure: 'throughput kept, with workers that yield',
        ...ofRounds(ratios(unyielding, yielding, ({ ends }) => ends.at(-1)!)),
        unit: '×',
        bar: { atLeast: 0.95 },
        note: `hit p99 where they do not: ${p99Of(unyielding, (each) => each.probes).value.toFixed(1)} ms`,
      },
      { scenario, measure: 'hit p99 when idle', ...idle, unit: 'ms' },
      { scenario, measure: 'hit p99 meanwhile', ...busy, unit: 'ms', bar: { atMost: 6 } },
      {
        scenario,
        measure: 'hit p99 meanwhile over idle',
        value: busy.value / idle.value,
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
    await Promise.all([server.stop(), other.stop()]);
  }
}

/** Of all rounds together, with the span of their own. */
const p99Of = (rounds: readonly Round[], pick: (round: Round) => readonly number[]) => ({
  ...ofRounds(rounds.map((round) => percentile(pick(round), 0.99))),
  value: percentile(rounds.flatMap(pick), 0.99),
});

interface Round {
  /** Milliseconds of each hit, before and meanwhile. */
  readonly idle: readonly number[];
  readonly probes: readonly number[];
  /** When each of the pictures was there, milliseconds after all were asked for. */
  readonly ends: readonly number[];
  readonly peakMegabytes: number;
  readonly idleMegabytes: number;
}

interface Wave {
  readonly round: number;
  /** New pictures, all asked for at once. */
  readonly count: number;
  /** How long hits are measured before. */
  readonly idleMs: number;
}

/**
 * Hits are asked for by a process that does nothing else, 300 times a second, and new pictures by another one: what they do
 * themselves must not be measured as the server's. The second one is niced, as the work it asks for is.
 */
async function flood(bench: Bench, server: Measured, { round, count, idleMs }: Wave): Promise<Round> {
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
  let idle: readonly Answer[] = [];
  if (idleMs > 0) {
    const idleProbe = probe();
    await pause(settling + idleMs);
    idle = await idleProbe.end();
  }
  const busyProbe = probe();
  await pause(settling);
  let peakMegabytes = 0;
  const watch = setInterval(() => {
    peakMegabytes = Math.max(peakMegabytes, server.residentMegabytes());
  }, 100);
  const answers = await ask({
    port: server.port,
    paths: Array.from({ length: count }, (_, index) =>
      variantPath(bench.sources.twelve, 400 + round * 200 + index, 'jpg'),
    ),
    nice: 10,
  });
  clearInterval(watch);
  const ends = answers.map(({ at, ms }) => at + ms).toSorted((a, b) => a - b);
  const probes = await busyProbe.end();
  return { idle: settled(idle), probes: settled(probes), ends, peakMegabytes, idleMegabytes };
}

/** Milliseconds in which a client opens its connections and has its code compiled: not the server's time. */
const settling = 500;

const settled = (answers: readonly Answer[]): number[] =>
  answers.filter(({ at }) => at > settling).map(({ ms }) => ms);
