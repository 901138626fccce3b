import { startPictor, variantPath } from '../pictor.ts';
import { type Measured, median } from '../processes.ts';
import { made, untilAtRest } from '../rest.ts';
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
      for (let round = 0; round < (bench.full ? 9 : 5); round++) {
        const order = round % 2 === 0 ? (['reused', 'direct'] as const) : (['direct', 'reused'] as const);
        const cpu = { reused: 0, direct: 0 };
        for (const which of order) cpu[which] = await batch(servers[which], source, round);
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
          value: median(gains),
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

const each = 4;

/** CPU seconds per variant; every variant is a new one. */
async function batch(server: Measured, source: string, round: number): Promise<number> {
  const before = server.cpuSeconds();
  for (const width of widths)
    for (let index = 0; index < each; index++)
      await made(server, variantPath(source, width + round * each + index, 'jpg'));
  return (server.cpuSeconds() - before) / (widths.length * each);
}

async function warm(server: Measured, bench: Bench): Promise<void> {
  for (let width = 50; width < 250; width++)
    await made(server, variantPath(bench.sources.small, width, 'jpg'));
}

/** The first variant has the mezzanines made when there is time: until the server rests. */
async function readyFor(server: Measured, source: string): Promise<void> {
  await made(server, variantPath(source, 200, 'jpg'));
  await untilAtRest(server);
}
