import * as z from 'zod';
import { PictorError } from '../core/errors.ts';
import type { Gravity, Rect, Size } from '../core/geometry.ts';
import type { ChainRenderer, Frame, OperationDefinition, PlannedOperation } from '../core/operation.ts';
import { minGiven, scaleHalfAway } from '../lib/rounding.ts';
import { planCut } from './geometry/cut.ts';
import { centre, gravitySchema } from './geometry/gravity.ts';
import { station } from './render/places.ts';

/**
 * Cuts a part out: a window of a size, placed by gravity, or an exact rectangle (`area`), or what lies between two corners,
 * never two of them.
 * Gravity offsets are pixels of the picture as it is then; no dpr applies to them.
 */
export interface CropOperation {
  readonly op: 'crop';
  /** From 1 on pixels (truncated), below 1 a share of the picture (at least one pixel), 0: all of it. Clamped to the picture. */
  readonly width?: number;
  readonly height?: number;
  /** Default centre. */
  readonly gravity?: Gravity;
  /** Whole pixels; the part that lies inside the picture is taken. */
  readonly area?: Rect;
  /** Shares of the picture, 0 to 1; each edge is rounded down to a whole pixel. */
  readonly corners?: {
    readonly left: number;
    readonly top: number;
    readonly right: number;
    readonly bottom: number;
  };
}

const length = () => z.number().min(0).max(1e6);
const pixels = () => z.number().int().min(0).max(1e6);
const share = () => z.number().min(0).max(1);

const schema = () =>
  z
    .strictObject({
      op: z.literal('crop'),
      width: length().exactOptional(),
      height: length().exactOptional(),
      gravity: gravitySchema().exactOptional(),
      area: z
        .strictObject({ left: pixels(), top: pixels(), width: pixels().min(1), height: pixels().min(1) })
        .exactOptional(),
      corners: z
        .strictObject({ left: share(), top: share(), right: share(), bottom: share() })
        .exactOptional(),
    })
    .refine(
      ({ area, corners, width, height, gravity }) =>
        [area, corners, width ?? height ?? gravity].filter((each) => each !== undefined).length < 2,
      'a crop has either an area, or corners, or a size',
    );

const extract: ChainRenderer<'extract'> = {
  places: [
    { from: station.extractFirst },
    // Called without a resize or an extract before it, sharp would do it first.
    // Extending in the same chain would work, but sharp 0.35 then reports the size before extending.
    { from: station.extractLast, to: station.extend, with: ['scale', 'smart-crop', 'extract'] },
  ],
  repeats: true,
  render: (chain, { area }) => chain.extract(area),
};

const smartCrop: ChainRenderer<'smart-crop'> = {
  // It is half of sharp's resize, so it cannot share a chain with a scale.
  places: [{ from: station.resize, to: station.crop }],
  frameByFrame: () => true,
  render: (chain, { size, strategy }) =>
    // Without reduction sharp keeps the scale and only crops.
    chain.resize(size.width, size.height, { fit: 'cover', position: strategy, withoutReduction: true }),
};

export const crop = {
  name: 'crop',
  summary: 'Cuts out a window placed by gravity, or an exact rectangle.',
  schema,
  defaults: { width: 0, height: 0, gravity: centre },
  plan: (op, frame, facts) => {
    if (op.area !== undefined) return cropArea(op.area, frame);
    if (op.corners !== undefined) return cropArea(areaBetween(op.corners, frame), frame);
    const { width = 0, height = 0, gravity = centre } = op;
    const window = {
      width: minGiven(cropLength(width, frame.width), frame.width),
      height: minGiven(cropLength(height, frame.height), frame.height),
    };
    const cut = planCut({ size: frame, window, gravity, factor: 1, before: [] }, facts);
    return 'measure' in cut ? cut : { steps: cut, frame: { ...frame, ...window } };
  },
  renders: { extract, 'smart-crop': smartCrop },
} as const satisfies OperationDefinition<CropOperation, 'extract' | 'smart-crop'>;

const cropLength = (length: number, whole: number): number =>
  length === 0 || length >= 1 ? Math.trunc(length) : Math.max(1, scaleHalfAway(whole, length));

function areaBetween(
  { left, top, right, bottom }: NonNullable<CropOperation['corners']>,
  { width, height }: Size,
): Rect {
  const [x, y] = [Math.floor(left * width), Math.floor(top * height)];
  return { left: x, top: y, width: Math.floor(right * width) - x, height: Math.floor(bottom * height) - y };
}

function cropArea(area: Rect, frame: Frame): PlannedOperation {
  const size: Size = {
    width: Math.min(area.width, frame.width - area.left),
    height: Math.min(area.height, frame.height - area.top),
  };
  if (size.width < 1 || size.height < 1) {
    throw new PictorError('OPERATION_IMPOSSIBLE', {
      detail: `the crop at ${area.left},${area.top} lies outside of ${frame.width}x${frame.height}`,
    });
  }
  const step = { step: 'extract', area: { left: area.left, top: area.top, ...size } } as const;
  return { steps: [step], frame: { ...frame, ...size } };
}
