import { createHash, randomUUID } from 'node:crypto';
import { copyFile, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { EmitEvent } from '../core/events.ts';
import { demonstrationFolder } from './demonstration.ts';
import { packageFile } from './package-files.ts';

/** Where vip and image-server find samples: a bucket and a namespace. */
const samples = 'samples';

/** Kept by image-server, which tells size and type from a file beside the original. */
const imageServerSample = { file: 'paper.jpg', width: 1067, height: 1600, contentType: 'image/jpeg' };

/**
 * Puts samples where the demonstration's dialects keep their pictures, in their own layouts; at the first start alone, so that
 * what was deleted stays deleted, and all of it or nothing. A folder that cannot be written costs the examples, not the start.
 */
export async function seedDemonstration(
  emit: EmitEvent,
  folder = path.resolve(demonstrationFolder),
): Promise<void> {
  if ((await stat(folder).catch(() => null)) !== null) return;
  const draft = `${folder}.${randomUUID()}`;
  try {
    await mkdir(draft, { recursive: true });
    await writeSamples(draft);
    await rename(draft, folder);
  } catch (thrown) {
    // Another server that starts in the same folder may have been faster.
    if ((await stat(folder).catch(() => null)) !== null) return;
    const facts = { detail: thrown instanceof Error ? thrown.message : String(thrown) };
    emit({ type: 'notice', level: 'warn', message: `no samples in ${folder}`, facts });
  } finally {
    await rm(draft, { recursive: true, force: true }).catch(() => {});
  }
}

async function writeSamples(root: string): Promise<void> {
  await copySample('marbles.jpg', path.join(root, 'vip', samples, 'marbles.jpg'));
  await copySample('harbour.jpg', path.join(root, 's3imageserver', 'harbour.jpg'));
  await copySample('pictor.png', path.join(root, 's3imageserver', 'pictor.png'));
  const { file, width, height, contentType } = imageServerSample;
  const hash = createHash('md5')
    .update(await readFile(packageFile(`samples/${file}`)))
    .digest('hex');
  const place = [hash.slice(0, 3), hash.slice(3, 6), hash.slice(6, 9), hash.slice(9)];
  const home = path.join(root, 'image-server', samples, ...place);
  await copySample(file, path.join(home, 'original'));
  const info = { hash, height, width, content_type: contentType };
  await writeFile(path.join(home, 'info.json'), JSON.stringify(info));
}

async function copySample(name: string, to: string): Promise<void> {
  await mkdir(path.dirname(to), { recursive: true });
  await copyFile(packageFile(`samples/${name}`), to);
}
