/** Sizes, rectangles and gravity. All lengths are pixels, all coordinates start at the top left. */

export interface Size {
  readonly width: number;
  readonly height: number;
}

export interface Rect extends Size {
  readonly left: number;
  readonly top: number;
}

/** sRGB, 0..255 each. */
export interface Colour {
  readonly r: number;
  readonly g: number;
  readonly b: number;
  /** 0 (clear) .. 1 (opaque); 1 when absent. */
  readonly alpha?: number;
}

export type Compass =
  | 'centre'
  | 'north'
  | 'south'
  | 'east'
  | 'west'
  | 'north-east'
  | 'north-west'
  | 'south-east'
  | 'south-west';

/**
 * Which part of a picture matters.
 * - compass: `x`, `y` move the window inwards; |v| >= 1 is pixels, |v| < 1 a share of the outer size.
 *   `rounding` says how the half pixel of a centred window falls: `half-even` (imgproxy v2+) or `down` (imgproxy v1).
 * - focus: `x`, `y` in 0..1 is the point that should end up in the middle.
 * - smart: libvips chooses (`attention`: skin, saturation, edges; `entropy`: most information).
 */
export type Gravity =
  | {
      readonly type: 'compass';
      readonly at: Compass;
      readonly x?: number;
      readonly y?: number;
      readonly rounding?: 'half-even' | 'down';
    }
  | { readonly type: 'focus'; readonly x: number; readonly y: number }
  | { readonly type: 'smart'; readonly strategy: 'attention' | 'entropy' };

/** A gravity that names a place without looking at the picture. */
export type PlacedGravity = Exclude<Gravity, { readonly type: 'smart' }>;

/** EXIF orientation, 1..8 (CIPA DC-008, tag 0x0112). */
export type Orientation = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8;
