import type { EncodeSpec, FormatDefinition } from '../core/format.ts';
import { formats } from '../formats/index.gen.ts';

const byName: ReadonlyMap<string, FormatDefinition> = new Map(Object.entries(formats));

/**
 * How long encoding will take, in CPU milliseconds of one core: what the format says of a megapixel at this effort, times
 * megapixels and frames. An estimate that is the same on every machine and every day, so that a URL gives the same format
 * wherever it is asked for; on slow machines the budget is what has to be changed. 0 for formats of which nobody needs to
 * ask (see `msPerMegapixel`).
 */
export function encodeMilliseconds(spec: EncodeSpec): number {
  const perMegapixel = byName.get(spec.format)?.write?.msPerMegapixel?.(spec) ?? 0;
  return (perMegapixel * spec.pixels * spec.frames) / 1_000_000;
}
