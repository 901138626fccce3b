import { mkdir, mkdtemp } from 'node:fs/promises';
import path from 'node:path';
import { pid } from 'node:process';
import type { ImageLimits } from '../../core/image-info.ts';
import type { Mezzanine } from '../../plan/engine-port.ts';
import { checkLimits } from '../../plan/limits.ts';
import { mezzanineSizes } from '../../plan/mezzanine.ts';
import type { JobInputRef } from '../wire.ts';
import { openMezzanine, openOriginal, type Picture } from './picture.ts';
import { probe } from './probe.ts';

interface Reducing {
  readonly input: JobInputRef;
  readonly limits: ImageLimits;
  /** Folder for temporary files; made when it is needed. */
  readonly scratch: string;
}

/**
 * Writes the mezzanines of an original in libvips' own format, which is read by mapping it into memory: pixels in sRGB, not
 * turned, each made of the one before it. They lie in a folder of their own; empty: none are worth having.
 * @throws PictorError
 */
export async function reduce({ input, limits, scratch }: Reducing): Promise<readonly Mezzanine[]> {
  const original = await probe(input);
  checkLimits(original.info, limits);
  const sizes = mezzanineSizes(original.info);
  if (sizes.length === 0) return [];
  await mkdir(scratch, { recursive: true, mode: 0o700 });
  const folder = await mkdtemp(path.join(scratch, `${pid}-`));
  const made: Mezzanine[] = [];
  let from: Picture = await openOriginal(original, 1);
  for (const [level, size] of sizes.entries()) {
    const mezzanine = { ...size, path: path.join(folder, `${level}.v`) };
    await from
      .start()
      .resize(size.width, size.height, { fit: 'fill' })
      .toFile(mezzanine.path)
      .catch(from.fail);
    made.push(mezzanine);
    from = openMezzanine(mezzanine);
  }
  return made;
}
