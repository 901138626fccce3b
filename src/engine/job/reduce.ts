import type { Mezzanine, ReduceOrder } from '../../plan/engine-port.ts';
import { checkLimits } from '../../plan/limits.ts';
import { halvingsOf, mezzanineSizes } from '../../plan/mezzanine.ts';
import { openHalved, openMezzanine, type Picture } from './picture.ts';
import { type Original, probe } from './probe.ts';

/** The mezzanines of an original that is let in. @throws PictorError */
export async function reduce({ input, limits, into }: ReduceOrder): Promise<readonly Mezzanine[]> {
  const original = await probe(input);
  checkLimits(original.info, limits);
  return reduceInto(original, into);
}

/**
 * Writes the mezzanines of an original in libvips' own format, which is read by mapping it into memory: pixels in sRGB, not
 * turned, each made of the one before it. Empty: none are worth having.
 * @param files their names, which end in `.v`, the largest first
 * @throws PictorError
 */
export async function reduceInto(
  original: Original,
  files: readonly string[],
): Promise<readonly Mezzanine[]> {
  const made: Mezzanine[] = [];
  let from: Picture | undefined;
  for (const [level, size] of mezzanineSizes(original.info).entries()) {
    const mezzanine = { ...size, path: files[level]! };
    from ??= await openHalved(original, halvingsOf(original.info, size));
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
