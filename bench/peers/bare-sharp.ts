/**
 * The floor: sharp called directly, in one process, as many at once as there are cores, one libvips thread each.
 * Reads jobs as JSON lines from standard input, answers each with `{ cpuSeconds, seconds }`.
 */
import { availableParallelism } from 'node:os';
import { createInterface } from 'node:readline';
import sharp from 'sharp';
import type { BareJob } from '../scenarios/jobs.ts';

sharp.concurrency(1);
sharp.cache(false);

async function run(job: BareJob): Promise<void> {
  const widths = [...job.widths];
  const lane = async () => {
    for (let width = widths.pop(); width !== undefined; width = widths.pop()) {
      const chain = sharp(job.path, { failOn: 'warning' }).autoOrient().resize(width);
      const { quality } = job;
      if (job.format === 'jpeg') chain.jpeg({ quality, optimiseCoding: false });
      else if (job.format === 'webp') chain.webp({ quality, effort: 2 });
      // Sharp's own default would be 4:4:4, which is more to encode.
      else chain.avif({ quality, effort: 1, chromaSubsampling: '4:2:0' });
      await chain.toBuffer();
    }
  };
  await Promise.all(Array.from({ length: job.lanes ?? availableParallelism() }, lane));
}

for await (const line of createInterface({ input: process.stdin })) {
  const job = JSON.parse(line) as BareJob;
  const began = performance.now();
  const cpu = process.cpuUsage();
  await run(job);
  const used = process.cpuUsage(cpu);
  const answer = { cpuSeconds: (used.user + used.system) / 1e6, seconds: (performance.now() - began) / 1000 };
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
