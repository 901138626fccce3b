import { startPictor, variantPath } from '../pictor.ts';
import { get } from '../processes.ts';
import type { Bench, Row } from './jobs.ts';

/**
 * Resident memory of all processes after 500 mixed transforms and at the end: it must have levelled off. Nine of ten originals
 * have 2 megapixels and one has 12, so that 20,000 of them fit into minutes; one of 50 results is AVIF, the others are JPEG and WebP.
 */
export async function memory(bench: Bench): Promise<Row[]> {
  const total = bench.full ? 20_000 : 1000;
  // A small cache, so that what is measured is the work and not what is kept on purpose.
  const server = await startPictor(bench, { PICTOR_CACHE_MEMORY: '8MiB' });
  try {
    let done = 0;
    let after500 = 0;
    let peak = 0;
    const lane = async () => {
      while (done < total) {
        const number = done++;
        const source = number % 10 === 0 ? bench.sources.twelve : bench.sources.small;
        const extension = number % 50 === 7 ? 'avif' : number % 2 === 0 ? 'jpg' : 'webp';
        const reply = await get(
          server.port,
          variantPath(source, 100 + (number % 700), extension, 50 + Math.floor(number / 700)),
        );
        if (reply.status !== 200)
          throw new Error(`memory: ${reply.status} ${reply.body.toString('utf8', 0, 200)}`);
        if (number === 500) after500 = server.residentMegabytes();
        if (number % 50 === 0) peak = Math.max(peak, server.residentMegabytes());
      }
    };
    await Promise.all(Array.from({ length: 4 }, lane));
    const end = server.residentMegabytes();
    bench.say('memory done');
    const scenario = `memory over ${total} transforms`;
    return [
      { scenario, measure: 'after 500', value: after500, unit: 'MB' },
      { scenario, measure: `after ${total}`, value: end, unit: 'MB', note: `peak ${peak.toFixed(0)} MB` },
      {
        scenario,
        measure: `after ${total} over after 500`,
        value: end / after500,
        unit: '×',
        bar: { atMost: 1.2 },
      },
    ];
  } finally {
    await server.stop();
  }
}
