import * as z from 'zod';
import type { Size } from '../core/geometry.ts';
import type { OperationDefinition } from '../core/operation.ts';
import { planCut } from './geometry/cut.ts';
import { thumbnailSizes } from './geometry/thumbnail.ts';

/**
 * Scales the picture into a box, or over it and cuts the middle out. Formulas and rounding are those of the Go library
 * daddye/vips, which also decides when a small picture grows: see `geometry/thumbnail.ts`.
 */
export interface ThumbnailOperation {
  readonly op: 'thumbnail';
  /** Whole pixels. 0 or absent: follows from the other side, rounded down. */
  readonly width?: number;
  readonly height?: number;
  /** With both sides: covers the box and is cut to it. Default: all of the picture inside the box. */
  readonly cover?: boolean;
}

const length = () => z.number().int().min(0).max(1e6);

/** Where half a pixel is left over, the cut lies to the right and below. */
const middle = { type: 'compass', at: 'centre', rounding: 'down' } as const;

export const thumbnail = {
  name: 'thumbnail',
  summary: 'Scales the picture into a box, or over it and cuts the middle out, as daddye/vips rounds.',
  schema: () =>
    z.strictObject({
      op: z.literal('thumbnail'),
      width: length().exactOptional(),
      height: length().exactOptional(),
      cover: z.boolean().exactOptional(),
    }),
  defaults: { width: 0, height: 0, cover: false },
  plan: (op, frame, facts) => {
    const { width = 0, height = 0, cover = false } = op;
    const { scaled, box } = thumbnailSizes(frame, { width, height }, cover);
    const window: Size = {
      width: Math.min(scaled.width, box.width),
      height: Math.min(scaled.height, box.height),
    };
    const before = [{ step: 'scale', size: scaled }] as const;
    const cut = planCut({ size: scaled, window, gravity: middle, factor: 1, before }, facts);
    return 'measure' in cut ? cut : { steps: cut, frame: { ...frame, ...window } };
  },
} as const satisfies OperationDefinition<ThumbnailOperation>;
