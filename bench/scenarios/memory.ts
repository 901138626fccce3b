import { startPictor, variantPath } from '../pictor.ts';
import { get } from '../processes.ts';
import { untilAtRest } from '../rest.ts';
import type { Bench, Row } from './jobs.ts';

/**
 * Resident memory of all processes after 500 mixed transforms and after more, each time at rest: what workers hold while they
 * work is chance. A full run also shows that it stays there. One of 50 results is AVIF, the others are JPEG and WebP.
 */
export async function memory(bench: Bench): Promise<Row[]> {
  const marks = bench.full ? [500, 5000, 20_000] : [500, 5000];
  // A small cache, so that what is measured is the work and not what is kept on purpose.
  const server = await startPictor(bench, { PICTOR_CACHE_MEMORY: '8MiB' });
  try {
    let begun = 0;
    let peak = 0;
    const sourceOf = bench.full ? usual : mostlySmall;
    // As wide as most of the sources at most.
    const widths = bench.full ? 700 : 300;
    const laneTo = async (mark: number) => {
      while (begun < mark) {
        begun += 1;
        const number = begun;
        const source = sourceOf(bench, number);
        const extension = number % 50 === 7 ? 'avif' : number % 2 === 0 ? 'jpg' : 'webp';
        const reply = await get(
          server.port,
          variantPath(source, 100 + (number % widths), extension, 50 + Math.floor(number / widths)),
        );
        if (reply.status !== 200)
          throw new Error(`memory: ${reply.status} ${reply.body.toString('utf8', 0, 200)}`);
        if (number % 50 === 0) peak = Math.max(peak, server.residentMegabytes());
      }
    };
    const after = new Map<number, number>();
    for (const mark of marks) {
      await Promise.all(Array.from({ length: 4 }, () => laneTo(mark)));
      await untilAtRest(server);
      after.set(mark, server.residentMegabytes());
    }
    bench.say('memory done');
    const scenario = `memory over ${marks.at(-1)} transforms`;
    const over = (later: number, earlier: number, atMost: number): Row => ({
      scenario,
      measure: `after ${later} over after ${earlier}`,
      value: after.get(later)! / after.get(earlier)!,
      unit: '×',
      bar: { atMost },
    });
    const [first = 0, next = 0, last] = marks;
    return [
      ...marks.map((mark) => ({
        scenario,
        measure: `after ${mark}`,
        value: after.get(mark)!,
        unit: 'MB',
        ...(mark === marks.at(-1) ? { note: `peak ${peak.toFixed(0)} MB` } : {}),
      })),
      over(next, first, 1.2),
      // It has levelled off.
      ...(last === undefined ? [] : [over(last, next, 1.1)]),
    ];
  } finally {
    await server.stop();
  }
}

/** Nine of ten have 2 megapixels and one has 12: 20,000 of them fit into minutes. */
const usual = ({ sources }: Bench, number: number): string =>
  number % 10 === 0 ? sources.twelve : sources.small;

/** The large ones say how much there must be, the many small ones whether it stays so. */
const mostlySmall = ({ sources }: Bench, number: number): string =>
  number % 100 === 0 ? sources.twelve : number % 20 === 0 ? sources.small : sources.tiny;
