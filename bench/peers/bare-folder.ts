/**
 * The floor for a folder of pictures: sharp called directly in one process, as many at once as there are cores, one libvips
 * thread each. `bare-folder.ts {folder} {folder for results} {width}`.
 */
import { readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';

sharp.concurrency(1);
sharp.cache(false);

const [folder = '', results = '', width = ''] = process.argv.slice(2);
const names = readdirSync(folder);

async function lane(): Promise<void> {
  for (let name = names.pop(); name !== undefined; name = names.pop()) {
    await sharp(join(folder, name), { failOn: 'warning' })
      .autoOrient()
      .resize(Number(width))
      .flatten({ background: '#fff' })
      .jpeg({ quality: 75, progressive: true })
      .toFile(join(results, `${name}-w${width}.jpg`));
  }
}

await Promise.all(Array.from({ length: availableParallelism() }, lane));
