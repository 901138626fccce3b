import { Agent, request } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { startPictor, variantPath } from '../pictor.ts';
import { get, type Measured, median, percentile } from '../processes.ts';
import type { Bench, Row } from './jobs.ts';

/** 200 cold 12 MP requests at once while hits are probed at 300 per second on kept-alive connections. */
export async function overload(bench: Bench): Promise<Row[]> {
  const rounds = bench.full ? 5 : 2;
  const seen: Round[] = [];
  // A queue that holds all of them: what is measured is how hits and memory fare meanwhile, not how soon we say 503.
  const server = await startPictor(bench, { PICTOR_ADMISSION_PROCESS_QUEUE: '400', IMGPROXY_TIMEOUT: '60' });
  try {
    for (let round = 0; round < rounds; round++) seen.push(await flood(bench, server, round));
    const memory = seen.map((each) => each.peakMegabytes / each.idleMegabytes);
    const scenario = '200 cold at once';
    const idle = median(seen.map((each) => percentile(each.idle, 0.99)));
    const busy = median(seen.map((each) => percentile(each.probes, 0.99)));
    bench.say('overload done');
    return [
      {
        scenario,
        measure: 'cold operations per second',
        value: median(seen.map((each) => 200 / each.seconds)),
        unit: '/s',
      },
      { scenario, measure: 'hit p99 when idle', value: idle, unit: 'ms' },
      { scenario, measure: 'hit p99 meanwhile', value: busy, unit: 'ms', bar: { atMost: 6 } },
      { scenario, measure: 'hit p99 meanwhile over idle', value: busy / idle, unit: '×', bar: { atMost: 5 } },
      {
        scenario,
        measure: 'peak over idle memory',
        value: median(memory),
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

async function flood(bench: Bench, server: Measured, round: number): Promise<Round> {
  const hit = variantPath(bench.sources.small, 300, 'jpg');
  // Every worker has worked once: idle is the state between waves, not before the first.
  await Promise.all([
    get(server.port, hit),
    get(server.port, variantPath(bench.sources.small, 310 + round, 'jpg')),
  ]);
  await pause(500);
  const idleMegabytes = server.residentMegabytes();
  const idleProbe = probe(server.port, hit);
  await pause(3000);
  const idle = await idleProbe.end();

  let peakMegabytes = 0;
  const watch = setInterval(() => {
    peakMegabytes = Math.max(peakMegabytes, server.residentMegabytes());
  }, 50);
  const busyProbe = probe(server.port, hit);
  const began = performance.now();
  const replies = await Promise.all(
    Array.from({ length: 200 }, (_, index) =>
      get(server.port, variantPath(bench.sources.twelve, 400 + round * 200 + index, 'jpg')),
    ),
  );
  const seconds = (performance.now() - began) / 1000;
  const probes = await busyProbe.end();
  clearInterval(watch);
  const failed = replies.find((reply) => reply.status !== 200);
  if (failed !== undefined)
    throw new Error(`overload: ${failed.status} ${failed.body.toString('utf8', 0, 200)}`);
  return { idle, probes, seconds, peakMegabytes, idleMegabytes };
}

/** Asks 300 times a second, whether or not the answers keep up (open loop). */
function probe(port: number, path: string) {
  const agent = new Agent({ keepAlive: true, maxSockets: 16 });
  const times: Promise<number>[] = [];
  const timer = setInterval(() => times.push(once(agent, port, path)), 1000 / 300);
  return {
    async end() {
      clearInterval(timer);
      const all = await Promise.all(times);
      agent.destroy();
      // The first answers open connections: they measure TCP, not the server.
      return all.slice(16);
    },
  };
}

function once(agent: Agent, port: number, path: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const began = performance.now();
    request({ agent, host: '127.0.0.1', port, path }, (reply) => {
      reply.resume();
      reply.on('end', () => resolve(performance.now() - began));
    })
      .on('error', reject)
      .end();
  });
}
