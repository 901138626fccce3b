import { keyOf } from './picture.ts';
import type { VipSettings } from './settings.ts';
import { type AskedSize, sizeIn } from './size.ts';

/** Sizes of one request that are made; further ones are made when somebody asks for them. */
const mostSizes = 20;

/**
 * What `X-Vip-Warmup` asks for: queries between commas (`s=250&c=true,s=500`). Sizes are bounded as in URLs, each counts
 * once, and none are those that would be the original or that the settings do not let make.
 */
export function warmUpSizes(header: string | undefined, settings: VipSettings): readonly AskedSize[] {
  const sizes = (header ?? '')
    .split(',')
    .map((entry) => sizeIn(entry.trim(), settings))
    .filter((size) => size.width > 0 && mayBeMade(size, settings));
  return [...new Map(sizes.map((size) => [keyOf('', size), size])).values()].slice(0, mostSizes);
}

/** Whether the settings let a width be made that does not lie in the bucket yet. */
export const mayBeMade = ({ width }: AskedSize, { allowedWidths }: VipSettings): boolean =>
  allowedWidths.length === 0 || allowedWidths.includes(width);
