import * as z from 'zod';
import type { Colour, PlacedGravity, Size } from '../core/geometry.ts';
import type { ChainRenderer, Frame, OperationDefinition, PlannedStep } from '../core/operation.ts';
import { scaleHalfAway } from '../lib/rounding.ts';
import { centre, placedGravitySchema, placeWindow } from './geometry/gravity.ts';
import { readyForColour } from './render/colour-space.ts';
import { station } from './render/places.ts';

/** Puts the picture on a transparent canvas of the box of the last resize. Without a box nothing happens. */
export interface ExtendOperation {
  readonly op: 'extend';
  /** `size` (default): the whole box. `ratio`: only its aspect ratio. */
  readonly to?: 'size' | 'ratio';
  /** Where the picture lies on the canvas; default centre. Pixel offsets are multiplied by the dpr. */
  readonly gravity?: PlacedGravity;
}

const clear: Colour = { r: 0, g: 0, b: 0, alpha: 0 };

const embed: ChainRenderer<'embed'> = {
  // A filter after it needs a new pass: sharp decides before extending whether to premultiply, and a picture that only then
  // gets transparent parts would be filtered with dark fringes.
  places: [{ from: station.extend, to: station.sharpen }],
  render: (chain, { size, left, top, colour }, inputs) => {
    const fill = colour ?? clear;
    return readyForColour(chain, fill, inputs).extend({
      left,
      top,
      right: size.width - inputs.size.width - left,
      bottom: size.height - inputs.size.height - top,
      background: { ...fill, alpha: fill.alpha ?? 1 },
    });
  },
};

export const extend = {
  name: 'extend',
  summary:
    'Puts the picture on a transparent canvas as large as the box of the resize, or of its aspect ratio.',
  schema: () =>
    z.strictObject({
      op: z.literal('extend'),
      to: z.enum(['size', 'ratio']).exactOptional(),
      gravity: placedGravitySchema().exactOptional(),
    }),
  defaults: { to: 'size', gravity: centre },
  plan: ({ to = 'size', gravity = centre }, frame) => {
    if (frame.target === undefined) return { steps: [], frame };
    const size = to === 'size' ? boxAround(frame, frame.target) : ratioAround(frame, frame.target);
    if (size.width === frame.width && size.height === frame.height) return { steps: [], frame };
    const place = placeWindow({ outer: size, inner: frame, gravity, factor: frame.factor });
    const step: PlannedStep = { step: 'embed', size, ...place };
    return { steps: [step], frame: { ...frame, ...size, alpha: true } };
  },
  renders: { embed },
} as const satisfies OperationDefinition<ExtendOperation, 'embed'>;

const boxAround = (frame: Frame, box: Size): Size => ({
  width: Math.max(frame.width, box.width),
  height: Math.max(frame.height, box.height),
});

/** The smallest canvas of the box's shape that holds the picture. */
function ratioAround(frame: Frame, box: Size): Size {
  if (box.width === 0 || box.height === 0) return frame;
  const x = box.width / frame.width;
  const y = box.height / frame.height;
  if (y > x) return { width: frame.width, height: scaleHalfAway(frame.width, box.height / box.width) };
  if (y < x) return { width: scaleHalfAway(frame.height, box.width / box.height), height: frame.height };
  return frame;
}
