import * as z from 'zod';
import type { Rect, Size } from '../core/geometry.ts';
import type { OperationDefinition } from '../core/operation.ts';
import { roundHalfAway } from '../lib/rounding.ts';

/**
 * Scales the picture by one factor until it covers the box, and cuts its middle out: the result is always exactly as large
 * as the box. What is rounded, and which way, follows image-server (`scale = max(W/c, H/r)`, sides `round(side · scale)`,
 * offsets rounded down): a quotient in place of the product is off by a pixel for one width in a hundred.
 */
export interface CoverOperation {
  readonly op: 'cover';
  /** Pixels. */
  readonly width: number;
  /** Pixels; 0 or absent: follows from the width, and nothing is cut off. */
  readonly height?: number;
  /** Leaves a picture alone that is smaller than the box. Default false. */
  readonly shrinkOnly?: boolean;
}

const side = () => z.number().int().max(1e6);

export const cover = {
  name: 'cover',
  summary: 'Scales the picture until it covers the box, up or down, and cuts out the middle.',
  schema: () =>
    z.strictObject({
      op: z.literal('cover'),
      width: side().min(1),
      height: side().min(0).exactOptional(),
      shrinkOnly: z.boolean().exactOptional(),
    }),
  defaults: { height: 0, shrinkOnly: false },
  plan: (op, frame) => {
    const { width, height = 0, shrinkOnly = false } = op;
    if (shrinkOnly && frame.width <= width && (height === 0 || frame.height <= height))
      return { steps: [], frame };
    const { scaled, kept } = covering(frame, { width, height });
    return {
      steps: [
        { step: 'scale', size: scaled },
        { step: 'extract', area: kept },
      ],
      frame: { ...frame, width: kept.width, height: kept.height },
    };
  },
} as const satisfies OperationDefinition<CoverOperation>;

/** @param box height 0: free */
function covering(picture: Size, box: Size): { readonly scaled: Size; readonly kept: Rect } {
  const byWidth = box.width / picture.width;
  const scale = box.height === 0 ? byWidth : Math.max(byWidth, box.height / picture.height);
  // Rounding must not leave a side short of the box, nor make one vanish.
  const scaled = {
    width: Math.max(box.width, roundHalfAway(picture.width * scale)),
    height: Math.max(box.height, 1, roundHalfAway(picture.height * scale)),
  };
  const height = box.height === 0 ? scaled.height : box.height;
  const kept = {
    left: Math.floor((scaled.width - box.width) / 2),
    top: Math.floor((scaled.height - height) / 2),
    width: box.width,
    height,
  };
  return { scaled, kept };
}
