import * as z from 'zod';
import type { Rect, Size } from '../core/geometry.ts';
import type { OperationDefinition } from '../core/operation.ts';

/**
 * Makes the picture as narrow as a width, or a square of that side out of its middle; never larger than it is. Formulas and
 * rounding are those of vip: a height is divided twice and rounded down, in IEEE doubles and in this order (`height * width
 * / whole` is off by one for some pictures), the scaled picture has its lengths rounded to the nearest, and the surplus
 * goes off the middle, an odd pixel more off the left and the top.
 */
export interface NarrowOperation {
  readonly op: 'narrow';
  /** Pixels. */
  readonly width: number;
  /** A square of that side, or of the shorter side of the picture where that is less. Default false. */
  readonly square?: boolean;
}

export const narrow = {
  name: 'narrow',
  summary: 'Makes the picture as narrow as a width, or a square of that side, never larger.',
  schema: () =>
    z.strictObject({
      op: z.literal('narrow'),
      width: z.number().int().min(1).max(1e6),
      square: z.boolean().exactOptional(),
    }),
  defaults: { square: false },
  plan: ({ width, square = false }, frame) => {
    const kept = square ? squareOf(frame, width) : narrowed(frame, width);
    const factor = square ? Math.min(frame.width, frame.height) / kept.width : frame.width / kept.width;
    const scaled = scaledBy(factor, frame, kept);
    return {
      steps: [
        { step: 'scale', size: scaled },
        { step: 'extract', area: middleOf(scaled, kept) },
      ],
      frame: { ...frame, width: kept.width, height: kept.height },
    };
  },
} as const satisfies OperationDefinition<NarrowOperation>;

function squareOf(picture: Size, width: number): Size {
  const side = Math.min(width, picture.width, picture.height);
  return { width: side, height: side };
}

function narrowed(picture: Size, width: number): Size {
  if (width > picture.width) return { width: picture.width, height: picture.height };
  return { width, height: Math.max(1, Math.floor(picture.height / (picture.width / width))) };
}

/** Size of the whole picture after scaling, never less than what is kept of it. */
const scaledBy = (factor: number, picture: Size, kept: Size): Size => ({
  width: Math.max(kept.width, Math.round(picture.width / factor)),
  height: Math.max(kept.height, Math.round(picture.height / factor)),
});

const middleOf = (whole: Size, kept: Size): Rect => ({
  left: Math.floor((whole.width - kept.width + 1) / 2),
  top: Math.floor((whole.height - kept.height + 1) / 2),
  width: kept.width,
  height: kept.height,
});
