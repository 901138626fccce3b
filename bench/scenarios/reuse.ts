import { availableParallelism } from 'node:os';
import { startPictor, variantPath } from '../pictor.ts';
import type { Measured } from '../processes.ts';
import { made, madeAll, untilAtRest } from '../rest.ts';
import { median, ofRounds, turnOf } from '../rounds.ts';
import type { Bench, Row } from './jobs.ts';

/** Gain that further variants of a large original must have over making each of it anew (design targets). */
const pictures = [
  { name: '12 MP', of: 'twelve', atLeast: 4 },
  { name: '24 MP', of: 'twentyFour', atLeast: 8 },
] as const;

/** Widths of a usual srcset for which a mezzanine is good enough. */
const widths = [320, 480, 640] as const;

/** CPU of the second and every further variant of one original, with mezzanines and without. */
export async function reuse(bench: Bench): Promise<Row[]> {
  const servers = {
    reused: await startPictor(bench),
    direct: await startPictor(bench, { PICTOR_CACHE_MEZZANINES: '0' }),
  };
  const rows: Row[] = [];
  try {
    for (const server of Object.values(servers)) await warm(server, bench);
    for (const { name, of, atLeast } of pictures) {
      const source = bench.sources[of];
      await readyFor(servers.reused, source);
      const gains: number[] = [];
      const spent: number[] = [];
      // The round that is not counted has both know the photo.
      for (let round = -1; round < (bench.full ? 15 : 5); round++) {
        const cpu = { reused: 0, direct: 0 };
        for (const which of turnOf(['reused', 'direct'] as const, round))
          cpu[which] = await batch(servers[which], source, round + 1);
        if (round < 0) continue;
        gains.push(cpu.direct / cpu.reused);
        spent.push(cpu.reused);
      }
      rows.push(
        {
          scenario: `further variants of ${name}`,
          measure: 'CPU per operation',
          value: median(spent) * 1000,
          unit: 'ms',
        },
        {
          scenario: `further variants of ${name}`,
          measure: 'CPU gain over the original each time',
          ...ofRounds(gains),
          unit: '×',
          bar: { atLeast },
        },
      );
      bench.say(`reuse ${name} done`);
    }
  } finally {
    await Promise.all(Object.values(servers).map((server) => server.stop()));
  }
  return rows;
}

/** Variants of each width in one turn. */
const each = 2;

/** CPU seconds per variant; every variant is a new one. */
async function batch(server: Measured, source: string, round: number): Promise<number> {
  const before = server.cpuSeconds();
  const paths = widths.flatMap((width) =>
    Array.from({ length: each }, (_, index) => variantPath(source, width + round * each + index, 'jpg')),
  );
  await madeAll(server, paths, availableParallelism());
  return (server.cpuSeconds() - before) / paths.length;
}

async function warm(server: Measured, { sources }: Bench): Promise<void> {
  const paths = Array.from({ length: 300 }, (_, index) => variantPath(sources.tiny, 40 + index, 'jpg'));
  await madeAll(server, paths, availableParallelism());
}

/** The first variant has the mezzanines made when there is time: until the server rests. */
async function readyFor(server: Measured, source: string): Promise<void> {
  await made(server, variantPath(source, 200, 'jpg'));
  await untilAtRest(server);
}
