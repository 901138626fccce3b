import type { Size } from '../core/geometry.ts';
import type { ImageInfo } from '../core/image-info.ts';
import type { PlannedStep } from '../core/operation.ts';
import type { OutputSpec } from '../request/image-request.ts';
import type { Plan } from './plan-types.ts';

/**
 * A mezzanine is a smaller copy of a large original, kept as plain pixels: further variants are scaled from it and need not
 * decode the original again. That is done only where the loss cannot be seen: up to 0.65 of its sides a picture of it is as
 * good as one of the original itself; above that its own resampling begins to show (docs/adr/0018-mezzanines.md).
 */

/** Smaller originals are decoded about as fast as a mezzanine is read. */
const worthwhilePixels = 3_000_000;

/** As narrow as the larger mezzanine may become: room for the usual widths of a page. */
const narrowest = 1500;

/** Largest share of a mezzanine's sides that a variant of it may have. */
const largestShare = 0.65;

/** What costs much to decode. The rest is drawn, moves, or holds what eight bits of red, green and blue do not. */
const sources: ReadonlySet<string> = new Set(['jpeg', 'png', 'webp', 'avif', 'heic']);

/** Outputs that lose more than a mezzanine does. */
const outputs: ReadonlySet<string> = new Set(['jpeg', 'webp', 'avif']);

/**
 * Sizes of the mezzanines of such an original: its sides halved until they are just wide enough, and once more for what is
 * small, since reading pixels is most of the rest of the work. Empty where none are worth keeping.
 */
export function mezzanineSizes(info: ImageInfo): readonly Size[] {
  const { width, height } = info;
  if (!sources.has(info.format) || width * height <= worthwhilePixels) return [];
  if (info.frames > 1 || info.vector || info.space !== 'srgb' || info.bits > 8) return [];
  const halvings = Math.floor(Math.log2(width / narrowest));
  if (halvings < 1) return [];
  return [halvings, halvings + 1].map((times) => ({
    width: Math.round(width / 2 ** times),
    height: Math.max(1, Math.round(height / 2 ** times)),
  }));
}

/** The smallest of the mezzanines from which this plan comes out alike; undefined: it needs the original. */
export function suitableMezzanine<Mezzanine extends Size>(
  { steps, encode, keep, decode }: Plan,
  mezzanines: readonly Mezzanine[],
): Mezzanine | undefined {
  if (decode.frames > 1 || keep.metadata || keep.profile || keep.highDepth) return undefined;
  if (!outputs.has(encode.format) || encode.options['lossless'] === true) return undefined;
  const scale = steps.find((step) => !spares(step));
  if (scale?.step !== 'scale' || steps.some(({ step }) => step === 'smart-crop')) return undefined;
  const { width, height } = scale.size;
  return mezzanines.findLast(
    (each) => width <= each.width * largestShare && height <= each.height * largestShare,
  );
}

/** Steps that mean the same before any scale, whatever the size. */
const spares = ({ step }: PlannedStep): boolean => step === 'flatten';

/** What every variant of these settings needs the original itself for: then a mezzanine is no use. */
export const needsOriginal = ({ metadata, profile, highDepth }: OutputSpec): boolean =>
  metadata === 'keep' || profile === 'keep' || highDepth === true;
