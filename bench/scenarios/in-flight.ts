import { availableParallelism } from 'node:os';
import { startPictor } from '../pictor.ts';
import { median, turnOf } from '../rounds.ts';
import { pictorLane } from './cold-lanes.ts';
import type { Bench, Row } from './jobs.ts';

/** Workers as a multiple of the cores; as many requests wait as keeps the most of them busy. */
const crowds = { quick: [1, 2], full: [1, 2, 4] } as const;

/** One transform per core, as it is by default, against more of them at once: what that leaves on the table. */
export async function inFlight(bench: Bench): Promise<Row[]> {
  const cores = availableParallelism();
  const times = bench.full ? crowds.full : crowds.quick;
  const waiting = 4 * cores;
  const lanes = await Promise.all(
    times.map(async (each) => {
      const env = { PICTOR_CACHE_MEZZANINES: '0', PICTOR_ENGINE_WORKERS: String(each * cores) };
      return pictorLane(bench, await startPictor(bench, env), waiting);
    }),
  );
  const paces = times.map((): number[] => []);
  try {
    for (const lane of lanes) await lane.warm();
    // So many waves of the largest crowd.
    const size = (bench.full ? 3 : 2) * waiting;
    const order = [...lanes.keys()];
    for (let round = 0; round < (bench.full ? 7 : 3); round++) {
      const widths = Array.from({ length: size }, (_, index) => 900 + round * size + index);
      for (const index of turnOf(order, round))
        paces[index]!.push(size / (await lanes[index]!.batch('jpeg', widths)).seconds);
    }
  } finally {
    await Promise.all(lanes.map((lane) => lane.stop()));
  }
  bench.say('cold in flight done');
  const [usual = [], ...more] = paces;
  const shares = more.map((others) => others.map((other, round) => usual[round]! / other));
  const [least = []] = shares.toSorted((a, b) => median(a) - median(b));
  const others = more.map((each, index) => `${median(each).toFixed(1)} with ${times[index + 1]! * cores}`);
  return [
    {
      scenario: 'cold 12 MP to jpeg',
      measure: 'throughput over the best of any number in flight',
      value: Math.min(1, median(least)),
      rounds: least,
      unit: '×',
      bar: { atLeast: 0.92 },
      note: `${median(usual).toFixed(1)}/s with ${cores} at once, ${others.join(', ')}${bench.full ? '' : '; quick run: no more than twice the cores'}`,
    },
  ];
}
