import type { Rect } from '../../core/geometry.ts';
import type { RawPixels } from './pixels.ts';

export interface Border {
  /** Largest difference to the colour, per channel, that still counts as border. */
  readonly threshold: number;
  readonly colour: readonly [red: number, green: number, blue: number];
}

/**
 * The smallest box around what differs from the border, or the whole picture when nothing does. The answer is that of
 * `vips_find_trim`: noise is kept out by a median of 3 × 3 pixels (the edge repeated outwards). libvips filters the whole
 * picture for it, which takes ten times as long as decoding; here rows and columns are looked at from the outside in.
 * @param pixels sRGB, opaque
 */
export function contentBox(pixels: RawPixels, border: Border): Rect {
  const { width, height } = pixels;
  const rows = contentRows(pixels, border);
  const top = firstOf(height, (index) => rows.has(index));
  if (top === undefined) return { left: 0, top: 0, width, height };
  const bottom = firstOf(height, (index) => rows.has(height - 1 - index))!;
  const sides = rows.sides(top, height - 1 - bottom);
  return { left: sides.left, top, width: sides.right - sides.left + 1, height: height - bottom - top };
}

const firstOf = (length: number, holds: (index: number) => boolean): number | undefined => {
  for (let index = 0; index < length; index += 1) if (holds(index)) return index;
  return undefined;
};

/** Of the nine pixels around one: with so many beyond the threshold on one side, the median is beyond it. */
const majority = 5;

interface ContentRows {
  /** True when some pixel of the row is content. */
  has(y: number): boolean;
  /** Outermost columns with content in these rows. */
  sides(top: number, bottom: number): { readonly left: number; readonly right: number };
}

function contentRows(
  { data, width, height, channels }: RawPixels,
  { threshold, colour }: Border,
): ContentRows {
  const high = colour.map((value) => value + threshold);
  const low = colour.map((value) => value - threshold);

  const isContent = (x: number, y: number): boolean => {
    for (let channel = 0; channel < 3; channel += 1) {
      let above = 0;
      let below = 0;
      for (let dy = -1; dy <= 1; dy += 1) {
        const row = Math.min(height - 1, Math.max(0, y + dy)) * width;
        for (let dx = -1; dx <= 1; dx += 1) {
          const value = data[(row + Math.min(width - 1, Math.max(0, x + dx))) * channels + channel]!;
          if (value > high[channel]!) above += 1;
          else if (value < low[channel]!) below += 1;
        }
      }
      if (above >= majority || below >= majority) return true;
    }
    return false;
  };

  const looksPlain = (y: number): boolean => {
    const end = (y + 1) * width * channels;
    for (let at = y * width * channels; at < end; at += channels) {
      for (let channel = 0; channel < 3; channel += 1) {
        const value = data[at + channel]!;
        if (value > high[channel]! || value < low[channel]!) return false;
      }
    }
    return true;
  };

  /** Most rows of a border are plain: a single look at each pixel clears them. */
  const known = new Map<number, boolean>();
  const isPlain = (y: number): boolean => {
    const plain = known.get(y) ?? looksPlain(y);
    known.set(y, plain);
    return plain;
  };

  return {
    has(y) {
      const above = Math.max(0, y - 1);
      const below = Math.min(height - 1, y + 1);
      // A plain row between two plain rows, or any two plain ones of three, cannot give five pixels of nine.
      const plain = Number(isPlain(above)) + Number(isPlain(y)) + Number(isPlain(below));
      return plain < 2 && firstOf(width, (x) => isContent(x, y)) !== undefined;
    },
    sides(top, bottom) {
      let left = width;
      let right = -1;
      for (let y = top; y <= bottom; y += 1) {
        left = firstOf(left, (x) => isContent(x, y)) ?? left;
        const fromRight = firstOf(width - 1 - right, (x) => isContent(width - 1 - x, y));
        right = fromRight === undefined ? right : width - 1 - fromRight;
      }
      return { left, right };
    },
  };
}
