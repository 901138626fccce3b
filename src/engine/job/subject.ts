import type { Rect, Size } from '../../core/geometry.ts';
import type { RawPixels } from './pixels.ts';

/**
 * Where people look: fine detail, skin and strong colours, best near the lines that divide a picture into thirds, and not
 * cut by the edge. The measures and most weights are those of muesli/smartcrop, which imageproxy crops with; detail
 * counts for more here because it fades in a picture this small. See docs/adr/0019-subjects.md.
 */

/** Pixels are weighed together in squares of this side. */
const cellSide = 4;

/** Cells of the longer side at most: 256 pixels. */
const mostCells = 64;

/** Size of the small picture in which a subject is looked for: whole cells, the shape kept as well as those allow. */
export function searchedSize({ width, height }: Size): Size {
  const scale = Math.min(1 / cellSide, mostCells / Math.max(width, height));
  const side = (length: number) => Math.max(1, Math.round(length * scale)) * cellSide;
  return { width: side(width), height: side(height) };
}

/**
 * The window of the picture that shows most of it. Where nothing stands out it is the first from the left and the top.
 * @param pixels of the size `searchedSize` gives, opaque
 * @param window size in pixels of the whole picture, at most as large as that
 */
export function subjectWindow(pixels: RawPixels, window: Size, whole: Size): Rect {
  const cells = weighed(pixels);
  const shown: Size = {
    width: cellsOf(window.width, whole.width, cells.width),
    height: cellsOf(window.height, whole.height, cells.height),
  };
  const spare: Size = { width: cells.width - shown.width, height: cells.height - shown.height };
  const interest = interestOf(shown);
  let best = { x: 0, y: 0, score: Number.NEGATIVE_INFINITY };
  for (let y = 0; y <= spare.height; y += 1) {
    for (let x = 0; x <= spare.width; x += 1) {
      const score = scoreAt(cells, { shown, interest }, { x, y });
      if (score > best.score) best = { x, y, score };
    }
  }
  return {
    left: placeOf(best.x, spare.width, whole.width - window.width),
    top: placeOf(best.y, spare.height, whole.height - window.height),
    ...window,
  };
}

const cellsOf = (length: number, whole: number, cells: number): number =>
  Math.min(cells, Math.max(1, Math.round((length * cells) / whole)));

/** What is too little to be a cell is cut off alike on both sides. */
const placeOf = (cell: number, spareCells: number, spare: number): number =>
  Math.round(spareCells === 0 ? spare / 2 : (cell * spare) / spareCells);

interface Cells extends Size {
  readonly weights: Float64Array;
}

interface Pattern {
  readonly shown: Size;
  /** Cell by cell. */
  readonly interest: Float64Array;
}

function scoreAt(
  { weights, width }: Cells,
  { shown, interest }: Pattern,
  at: { readonly x: number; readonly y: number },
): number {
  let score = 0;
  for (let y = 0; y < shown.height; y += 1) {
    const row = (at.y + y) * width + at.x;
    for (let x = 0; x < shown.width; x += 1) score += weights[row + x]! * interest[y * shown.width + x]!;
  }
  return score;
}

/** What is lost for everything that lies outside of the window. */
const lossOutside = 0.5;

/** How much it is worth to have something at each place of the window, over having it outside. */
function interestOf({ width, height }: Size): Float64Array {
  const interest = new Float64Array(width * height);
  for (let y = 0; y < height; y += 1) {
    const down = fromMiddle(y, height);
    for (let x = 0; x < width; x += 1) {
      const across = fromMiddle(x, width);
      const atEdge = -20 * (beyond(across) ** 2 + beyond(down) ** 2);
      const central = Math.SQRT2 - Math.hypot(across, down);
      const divided = Math.max(0, central + atEdge + 0.5) * 1.2 * (nearThird(across) + nearThird(down));
      interest[y * width + x] = central + divided + atEdge + lossOutside;
    }
  }
  return interest;
}

/** Distance from the middle: 0 there, 1 at the edge. */
const fromMiddle = (cell: number, length: number): number => Math.abs((2 * (cell + 0.5)) / length - 1);

/** How far a place lies in the outer two fifths of the way to the edge. */
const beyond = (distance: number): number => Math.max(0, distance - 0.6);

/** 1 on the line that divides a picture in thirds, 0 from an eighth of the way to the edge away from it. */
const nearThird = (distance: number): number => Math.max(0, 1 - (8 * (distance - 1 / 3)) ** 2);

/** How much each cell draws the eye. */
function weighed(pixels: RawPixels): Cells {
  const width = pixels.width / cellSide;
  const height = pixels.height / cellSide;
  const weights = new Float64Array(width * height);
  const luma = lumaOf(pixels);
  for (let y = 0; y < pixels.height; y += 1) {
    const row = Math.floor(y / cellSide) * width;
    for (let x = 0; x < pixels.width; x += 1)
      weights[row + Math.floor(x / cellSide)]! += weightAt(pixels, luma, { x, y });
  }
  return { width, height, weights };
}

function weightAt(
  pixels: RawPixels,
  luma: Float64Array,
  { x, y }: { readonly x: number; readonly y: number },
): number {
  const at = y * pixels.width + x;
  const colour = colourAt(pixels, at);
  const bright = luma[at]!;
  const detail = detailAt(luma, pixels, { x, y });
  const skin = bright < 0.2 ? 0 : excess(skinLikeness(colour), 0.8);
  const saturated = bright < 0.05 || bright > 0.9 ? 0 : excess(saturation(colour), 0.4);
  return 0.5 * detail + 1.8 * skin * (detail + 0.01) + 0.3 * saturated * (detail + 0.2);
}

type Rgb = readonly [red: number, green: number, blue: number];

/** From 0 to 1 each. */
function colourAt({ data, channels }: RawPixels, at: number): Rgb {
  const of = (channel: number) => data[at * channels + (channels < 3 ? 0 : channel)]! / 255;
  return [of(0), of(1), of(2)];
}

function lumaOf(pixels: RawPixels): Float64Array {
  return Float64Array.from({ length: pixels.width * pixels.height }, (_, at) => {
    const [red, green, blue] = colourAt(pixels, at);
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  });
}

/** How much brighter a pixel is than its neighbours; what the edge of the picture cuts off is none. */
function detailAt(
  luma: Float64Array,
  { width, height }: Size,
  { x, y }: { readonly x: number; readonly y: number },
): number {
  if (x === 0 || y === 0 || x === width - 1 || y === height - 1) return 0;
  const at = y * width + x;
  const around = luma[at - 1]! + luma[at + 1]! + luma[at - width]! + luma[at + width]!;
  return Math.min(1, Math.max(0, 4 * luma[at]! - around));
}

/** Whatever its brightness: how near its direction is to that of skin, pale or dark. */
function skinLikeness([red, green, blue]: Rgb): number {
  const length = Math.hypot(red, green, blue);
  if (length === 0) return 0;
  return 1 - Math.hypot(red / length - 0.78, green / length - 0.57, blue / length - 0.44);
}

/** As in HSL. */
function saturation(colour: Rgb): number {
  const [most, least] = [Math.max(...colour), Math.min(...colour)];
  if (most === least) return 0;
  return (most - least) / (most + least > 1 ? 2 - most - least : most + least);
}

/** What is above the threshold, from 0 to 1. */
const excess = (value: number, threshold: number): number =>
  Math.max(0, (value - threshold) / (1 - threshold));
