import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { endWithBench } from '../leftovers.ts';
import { freePort, get } from '../processes.ts';
import { median, ofRounds, ratios } from '../rounds.ts';
import type { Bench, Row } from './jobs.ts';

/** From spawning the process to its first 200: the bundle against bare node:http with sharp loaded. */
export async function start(bench: Bench): Promise<Row[]> {
  const rounds = bench.full ? 15 : 9;
  const ours: number[] = [];
  const floor: number[] = [];
  for (let round = -1; round < rounds; round++) {
    const port = freePort();
    const bare = await untilFirst(
      bench.node,
      [join(import.meta.dirname, '../peers/bare-http.mjs'), String(port), '10', 'sharp'],
      port,
      {},
    );
    const next = freePort();
    const pictor = await untilFirst(bench.node, [bench.program, 'imgproxy'], next, {
      IMGPROXY_BIND: `127.0.0.1:${next}`,
      PICTOR_ADMIN_BIND: '',
    });
    if (round >= 0) {
      ours.push(pictor);
      floor.push(bare);
    }
  }
  bench.say('start done');
  const scenario = 'start to first answer';
  return [
    { scenario, measure: 'bundle', value: median(ours), unit: 'ms' },
    { scenario, measure: 'bare node:http and sharp', value: median(floor), unit: 'ms' },
    {
      scenario,
      measure: 'bundle over bare',
      ...ofRounds(ratios(ours, floor, (each) => each)),
      unit: '×',
      bar: { atMost: 1.4 },
    },
  ];
}

async function untilFirst(
  node: string,
  args: readonly string[],
  port: number,
  env: Record<string, string>,
): Promise<number> {
  const began = performance.now();
  const child = spawn(node, args, { env: { PATH: process.env['PATH'] ?? '', ...env }, stdio: 'ignore' });
  endWithBench(child);
  const ended = new Promise((resolve) => child.once('exit', resolve));
  for (;;) {
    const status = await get(port, '/health').then(
      (reply) => reply.status,
      () => 0,
    );
    if (status === 200) break;
    if (performance.now() - began > 20_000) throw new Error(`${args[0]} does not answer on port ${port}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  const ms = performance.now() - began;
  child.kill('SIGTERM');
  await ended;
  return ms;
}
