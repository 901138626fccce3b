import type { Size } from '../core/geometry.ts';
import type { ImageInfo } from '../core/image-info.ts';
import type { PlannedStep } from '../core/operation.ts';
import type { OutputSpec } from '../request/image-request.ts';
import { type PlanQuestion, planTransform } from './plan.ts';
import type { Plan } from './plan-types.ts';

/**
 * A mezzanine is a smaller copy of a large original, kept as plain pixels: further variants are scaled from it and need not
 * decode the original again. That is done only where the loss cannot be seen: up to 0.65 or 0.75 of its sides a picture of it
 * is as good as one of the original itself; above that its own resampling begins to show (docs/adr/0018-mezzanines.md).
 */

/** Smaller originals are decoded about as fast as a mezzanine is read. */
const worthwhilePixels = 3_000_000;

/** As narrow as the larger mezzanine may become: room for the usual widths of a page. */
const narrowest = 1500;

/**
 * Largest share of a mezzanine's sides that a variant of it may have. The largest is what a decoder leaves that halves while
 * it decodes, and what comes of it up to here is what comes of the original. The next one was scaled with more care than
 * that: pictures of more of its sides are as near to the original as direct ones.
 */
const largestShare = { first: 0.65, next: 0.75 } as const;

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
  // Colours are divided by their alpha after each scaling, and rounded down: twice would be darker than once.
  if (info.hasAlpha) return [];
  const halvings = Math.floor(Math.log2(width / narrowest));
  if (halvings < 1) return [];
  // Rounded as decoders do that halve: what they give is taken as it is.
  return [halvings, halvings + 1].map((times) => ({
    width: Math.floor(width / 2 ** times),
    height: Math.max(1, Math.floor(height / 2 ** times)),
  }));
}

/** How often the sides of the original were halved for a mezzanine of it. */
export const halvingsOf = (original: Size, mezzanine: Size): number =>
  Math.round(Math.log2(original.width / mezzanine.width));

/** Mezzanines of an original at most, and so the files they take. */
export const mostMezzanines = 2;

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
  return mezzanines.findLast((each, index) => {
    const share = index === 0 ? largestShare.first : largestShare.next;
    // Sides of variants are rounded.
    return width <= Math.ceil(each.width * share) && height <= Math.ceil(each.height * share);
  });
}

/** Whether the picture can be made of the mezzanines of such an original, as far as is known before pixels are. */
export function mayBeMadeOfMezzanine(question: PlanQuestion): boolean {
  try {
    const planning = planTransform(question);
    return (
      'plan' in planning && suitableMezzanine(planning.plan, mezzanineSizes(question.info)) !== undefined
    );
  } catch {
    return false;
  }
}

/** Steps that mean the same before any scale, whatever the size. */
const spares = ({ step }: PlannedStep): boolean => step === 'flatten';

/** What every variant of these settings needs the original itself for: then a mezzanine is no use. */
export const needsOriginal = ({ metadata, profile, highDepth, thumbnail }: OutputSpec): boolean =>
  metadata === 'keep' || profile === 'keep' || highDepth === true || thumbnail === true;
