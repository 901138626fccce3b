import type { Sharp } from 'sharp';
import * as z from 'zod';
import type { PlacedGravity, Rect, Size } from '../core/geometry.ts';
import type {
  OperationDefinition,
  StepInputs,
  StepOf,
  StepRenderer,
  WatermarkPlacement,
} from '../core/operation.ts';
import { scaleHalfEven } from '../lib/rounding.ts';
import { centre, offsetPixels, placedGravitySchema, placeWindow } from './geometry/gravity.ts';
import { station } from './render/places.ts';

/** Lays another picture over this one. The result keeps its size. */
export interface WatermarkOperation {
  readonly op: 'watermark';
  /** URI of the mark. */
  readonly source: string;
  /** 0..1, default 1. */
  readonly opacity?: number;
  /** Where the mark lies (it may stick out); `tile`: repeated over the whole picture from its middle. Default centre. */
  readonly gravity?: PlacedGravity | 'tile';
  /** Gaps between tiles: pixels before dpr, or below 1 a share of the picture. Default 0. */
  readonly x?: number;
  readonly y?: number;
  /** Share of the picture the mark is fitted into, enlarged if need be; absent or 0: its natural size. */
  readonly scale?: number;
}

const gap = z.number().min(0).max(1e6).exactOptional();

const watermarkStep: StepRenderer<'watermark'> = {
  places: [{ from: station.composite }],
  // Tiles are laid from the middle of the picture, which a stack of frames has only once.
  frameByFrame: ({ placement }) => placement.gravity === 'tile',
  render: async (chain, step, inputs) => {
    const mark = await inputs.open(step.source);
    const size = markSize(await naturalSize(mark), step.placement, inputs.size);
    const scaled = mark.resize(size.width, size.height, { fit: 'fill' });
    const { gravity } = step.placement;
    return gravity === 'tile'
      ? layTiles(chain, { mark: scaled, size, step, inputs })
      : layOne(chain, { mark: scaled, size, step, inputs }, gravity);
  },
};

export const watermark = {
  name: 'watermark',
  summary: 'Lays another picture over this one, once or tiled.',
  schema: z.strictObject({
    op: z.literal('watermark'),
    source: z.string().min(1),
    opacity: z.number().min(0).max(1).exactOptional(),
    gravity: z.union([z.literal('tile'), placedGravitySchema]).exactOptional(),
    x: gap,
    y: gap,
    scale: z.number().min(0).max(10).exactOptional(),
  }),
  defaults: { opacity: 1, gravity: centre, x: 0, y: 0, scale: 0 },
  sources: ({ source }) => [source],
  plan: ({ source, opacity = 1, gravity = centre, x = 0, y = 0, scale = 0 }, frame) => {
    if (opacity === 0) return { steps: [], frame };
    const placement = { gravity, factor: frame.factor, x, y, ...(scale === 0 ? {} : { scale }) };
    return { steps: [{ step: 'watermark', source, opacity, placement }], frame };
  },
  renders: { watermark: watermarkStep },
} as const satisfies OperationDefinition<WatermarkOperation, 'watermark'>;

interface Mark {
  /** Already scaled to `size`. */
  readonly mark: Sharp;
  readonly size: Size;
  readonly step: StepOf<'watermark'>;
  readonly inputs: StepInputs;
}

async function naturalSize(mark: Sharp): Promise<Size> {
  const { autoOrient } = await mark.metadata();
  return autoOrient;
}

/** Fitted into its share of the picture, or as it is. */
function markSize(natural: Size, { scale }: WatermarkPlacement, picture: Size): Size {
  if (scale === undefined) return natural;
  const box = (length: number) => Math.max(1, scaleHalfEven(length, scale));
  const factor = Math.min(box(picture.width) / natural.width, box(picture.height) / natural.height);
  const scaled = (length: number) => Math.max(1, Math.round(length * factor));
  return { width: scaled(natural.width), height: scaled(natural.height) };
}

async function layOne(chain: Sharp, one: Mark, gravity: PlacedGravity): Promise<Sharp> {
  const { size, step, inputs } = one;
  const { factor } = step.placement;
  const place = placeWindow({ outer: inputs.size, inner: size, gravity, factor, overflow: true });
  const visible = overlap({ ...place, ...size }, inputs.size);
  if (inputs.frames === 1) {
    const inVisible = { left: place.left - visible.left, top: place.top - visible.top };
    const overlay = await draw(one, visible, inVisible);
    return chain.composite([{ ...overlay, left: visible.left, top: visible.top }]);
  }
  // Frames lie stacked in one tall picture: an overlay of the size of a frame is repeated over the stack.
  const overlay = await draw(one, inputs.size, place);
  return chain.composite([{ ...overlay, tile: true, gravity: 'northwest' }]);
}

/** Half of each gap lies on either side of a tile; the middle one lies in the middle of the picture. */
async function layTiles(chain: Sharp, one: Mark): Promise<Sharp> {
  const { size, step, inputs } = one;
  const { x = 0, y = 0, factor } = step.placement;
  const cell = {
    width: size.width + offsetPixels(x, inputs.size.width, factor),
    height: size.height + offsetPixels(y, inputs.size.height, factor),
  };
  const canvas = {
    width: Math.min(cell.width, inputs.size.width),
    height: Math.min(cell.height, inputs.size.height),
  };
  const place = {
    left: Math.floor((canvas.width - size.width) / 2),
    top: Math.floor((canvas.height - size.height) / 2),
  };
  return chain.composite([{ ...(await draw(one, canvas, place)), tile: true, gravity: 'centre' }]);
}

/** The mark at a place of a transparent canvas, as raw RGBA; what sticks out is cut off. */
async function draw({ mark, size, step }: Mark, canvas: Size, place: { left: number; top: number }) {
  const { left, top, width, height } = overlap({ ...place, ...size }, canvas);
  const input = await mark
    .extract({ left: left - place.left, top: top - place.top, width, height })
    .extend({
      left,
      top,
      right: canvas.width - left - width,
      bottom: canvas.height - top - height,
      background: { r: 0, g: 0, b: 0, alpha: 0 },
    })
    // Opacity as a mask: it works for marks of any colour model, with and without transparency.
    .composite([
      {
        input: {
          create: { width: 1, height: 1, channels: 4, background: { r: 0, g: 0, b: 0, alpha: step.opacity } },
        },
        tile: true,
        blend: 'dest-in',
      },
    ])
    .toColourspace('srgb')
    .raw()
    .toBuffer();
  return { input, raw: { width: canvas.width, height: canvas.height, channels: 4 as const } };
}

function overlap(area: Rect, size: Size): Rect {
  const left = Math.max(0, area.left);
  const top = Math.max(0, area.top);
  return {
    left,
    top,
    width: Math.min(area.left + area.width, size.width) - left,
    height: Math.min(area.top + area.height, size.height) - top,
  };
}
