import * as z from 'zod';
import type { Gravity } from '../core/geometry.ts';
import type { ChainRenderer, OperationDefinition, PlannedStep } from '../core/operation.ts';
import { minGiven } from '../lib/rounding.ts';
import { planCut } from './geometry/cut.ts';
import { fitInto } from './geometry/fit.ts';
import { centre, gravitySchema } from './geometry/gravity.ts';
import { station } from './render/places.ts';

export type ResizeType = 'fit' | 'fill' | 'fill-down' | 'force' | 'auto';

/**
 * Scales the picture into a box and cuts off what is outside. Formulas and rounding are those of imgproxy v4
 * (`processing/prepare.go`), which also gives the sizes of imgproxy v1.
 */
export interface ResizeOperation {
  readonly op: 'resize';
  /**
   * fit (default): all of the picture inside the box. fill: covers the box. fill-down: like fill, but a picture too small
   * keeps the shape of the box. force: exactly the box. auto: fill when picture and box are both wide or both tall, else fit.
   */
  readonly type?: ResizeType;
  /** Box in pixels before zoom and dpr. 0 or absent: follows from the other side. */
  readonly width?: number;
  readonly height?: number;
  /** The picture is enlarged to at least this before it is cut to the box. */
  readonly minWidth?: number;
  readonly minHeight?: number;
  /** Factors on the box, default 1. */
  readonly zoomX?: number;
  readonly zoomY?: number;
  /** Factor on the box and on every later length in pixels (offsets, padding). Default 1. */
  readonly dpr?: number;
  /** Allow results larger than the picture. Default false; pictures drawn from vectors always may. */
  readonly enlarge?: boolean;
  /** An `extend` to the box follows, so a picture too small keeps the dpr. Default false. */
  readonly extended?: boolean;
  /** What to keep when cutting to the box. Default centre. Pixel offsets are multiplied by the dpr. */
  readonly gravity?: Gravity;
  /** Bound on both sides of the final picture, padding included: everything shrinks together. 0 or absent: none. */
  readonly maxSide?: number;
}

const length = () => z.number().int().min(0).max(1e6);
const factor = () => z.number().positive().max(1000);

const schema = () =>
  z.strictObject({
    op: z.literal('resize'),
    type: z.enum(['fit', 'fill', 'fill-down', 'force', 'auto']).exactOptional(),
    width: length().exactOptional(),
    height: length().exactOptional(),
    minWidth: length().exactOptional(),
    minHeight: length().exactOptional(),
    zoomX: factor().exactOptional(),
    zoomY: factor().exactOptional(),
    dpr: factor().exactOptional(),
    enlarge: z.boolean().exactOptional(),
    extended: z.boolean().exactOptional(),
    gravity: gravitySchema().exactOptional(),
    maxSide: length().exactOptional(),
  });

const scale: ChainRenderer<'scale'> = {
  places: [{ from: station.resize }],
  render: (chain, { size }) => chain.resize(size.width, size.height, { fit: 'fill', kernel: 'lanczos3' }),
};

export const resize = {
  name: 'resize',
  summary: 'Scales the picture into a box and cuts off what lies outside of it.',
  schema,
  defaults: {
    type: 'fit',
    width: 0,
    height: 0,
    minWidth: 0,
    minHeight: 0,
    zoomX: 1,
    zoomY: 1,
    dpr: 1,
    enlarge: false,
    extended: false,
    gravity: centre,
    maxSide: 0,
  },
  plan: (op, frame, facts) => {
    const { scaled, window, target, dpr } = fitInto(op, frame, facts);
    const result = {
      width: minGiven(scaled.width, window.width),
      height: minGiven(scaled.height, window.height),
    };
    const before: readonly PlannedStep[] = [{ step: 'scale', size: scaled }];
    const cut = planCut(
      { size: scaled, window: result, gravity: op.gravity ?? centre, factor: dpr, before },
      facts,
    );
    if ('measure' in cut) return cut;
    return { steps: cut, frame: { ...frame, ...result, factor: dpr, target } };
  },
  renders: { scale },
} as const satisfies OperationDefinition<ResizeOperation, 'scale'>;
