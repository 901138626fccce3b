import type { Sharp } from 'sharp';
import * as z from 'zod';
import type { PlacedGravity, Rect, Size } from '../core/geometry.ts';
import type {
  ChainRenderer,
  OperationDefinition,
  StepInputs,
  StepOf,
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

const gap = () => z.number().min(0).max(1e6).exactOptional();

const watermarkStep: ChainRenderer<'watermark'> = {
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
  schema: () =>
    z.strictObject({
      op: z.literal('watermark'),
      source: z.string().min(1),
      opacity: z.number().min(0).max(1).exactOptional(),
      gravity: z.union([z.literal('tile'), placedGravitySchema()]).exactOptional(),
      x: gap(),
      y: gap(),
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
  const { autoOrient, format, density = drawingDpi } = await mark.metadata();
  if (format !== 'svg') return autoOrient;
  const inPixels = (length: number) => Math.max(1, Math.round((length * drawingDpi) / density));
  return { width: inPixels(autoOrient.width), height: inPixels(autoOrient.height) };
}

/** sharp draws an SVG larger by its density / 72. */
const drawingDpi = 72;

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

/** Half of each gap lies on either side of a tile; the middle tile lies in the middle of the picture. */
async function layTiles(chain: Sharp, one: Mark): Promise<Sharp> {
  const { size, step, inputs } = one;
  const { x = 0, y = 0, factor } = step.placement;
  const across = tilesAlong(inputs.size.width, size.width, offsetPixels(x, inputs.size.width, factor));
  const down = tilesAlong(inputs.size.height, size.height, offsetPixels(y, inputs.size.height, factor));
  const canvas = { width: across.length, height: down.length };
  const tile = await draw(one, canvas, { left: across.mark, top: down.mark });
  moveAround(tile.input, canvas, { right: across.shift, down: down.shift });
  return chain.composite([{ ...tile, tile: true, gravity: 'northwest' }]);
}

/** One direction of a tiling, in pixels. */
interface Tiling {
  /** What is repeated from the first pixel on. */
  readonly length: number;
  /** Where the mark begins in it. */
  readonly mark: number;
  /** How far it is then moved on, what leaves at the end coming in at the start. */
  readonly shift: number;
}

/** An odd number of tiles, the middle one over the middle of the picture (as libvips cuts such a row: rounded down). */
function tilesAlong(picture: number, mark: number, gap: number): Tiling {
  const tile = mark + gap;
  const middle = -Math.floor((tile - picture) / 2);
  const inTile = Math.trunc(gap / 2);
  if (tile >= picture) return { length: picture, mark: middle + inTile, shift: 0 };
  return { length: tile, mark: inTile, shift: middle % tile };
}

/** Moves RGBA pixels in place; what leaves over an edge comes in at the other. */
function moveAround(
  pixels: Uint8Array,
  { width, height }: Size,
  { right, down }: { readonly right: number; readonly down: number },
): void {
  if (right === 0 && down === 0) return;
  const before = Uint8Array.from(pixels);
  const row = width * 4;
  const cut = row - right * 4;
  for (let y = 0; y < height; y += 1) {
    const to = ((y + down) % height) * row;
    const from = y * row;
    pixels.set(before.subarray(from, from + cut), to + right * 4);
    pixels.set(before.subarray(from + cut, from + row), to);
  }
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
