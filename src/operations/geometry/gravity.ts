import * as z from 'zod';
import type { Compass, Gravity, PlacedGravity, Size } from '../../core/geometry.ts';
import { roundHalfEven, scaleHalfEven } from '../../lib/rounding.ts';

const compassPoints = [
  'centre',
  'north',
  'south',
  'east',
  'west',
  'north-east',
  'north-west',
  'south-east',
  'south-west',
] as const satisfies readonly Compass[];

const share = () => z.number().min(0).max(1);
const offset = () => z.number().min(-1e6).max(1e6);

const compassSchema = () =>
  z.strictObject({
    type: z.literal('compass'),
    at: z.enum(compassPoints),
    x: offset().exactOptional(),
    y: offset().exactOptional(),
    rounding: z.enum(['half-even', 'down']).exactOptional(),
  });
const focusSchema = () => z.strictObject({ type: z.literal('focus'), x: share(), y: share() });
const smartSchema = () =>
  z.strictObject({ type: z.literal('smart'), strategy: z.enum(['attention', 'entropy']) });

export const placedGravitySchema = () => z.discriminatedUnion('type', [compassSchema(), focusSchema()]);
export const gravitySchema = () =>
  z.discriminatedUnion('type', [compassSchema(), focusSchema(), smartSchema()]);

/** What an absent gravity means everywhere. */
export const centre = { type: 'compass', at: 'centre' } as const satisfies Gravity;

interface WindowQuestion {
  readonly outer: Size;
  readonly inner: Size;
  readonly gravity: PlacedGravity;
  /** Pixel offsets are multiplied by this. */
  readonly factor: number;
  /** True: the inner one may stick out, as long as one pixel of it shows. */
  readonly overflow?: boolean;
}

/** Where the inner box lies in the outer one, in whole pixels (imgproxy `calcPosition`; v1's rounding by `rounding`). */
export function placeWindow(question: WindowQuestion): { readonly left: number; readonly top: number } {
  const { outer, inner, overflow = false } = question;
  const place = (axis: 'x' | 'y', outerLength: number, innerLength: number) => {
    const [low, high] = overflow ? [1 - innerLength, outerLength - 1] : [0, outerLength - innerLength];
    return Math.max(low, Math.min(along(question, axis, outerLength, innerLength), high));
  };
  return { left: place('x', outer.width, inner.width), top: place('y', outer.height, inner.height) };
}

function along({ gravity, factor }: WindowQuestion, axis: 'x' | 'y', outer: number, inner: number): number {
  if (gravity.type === 'focus') return scaleHalfEven(outer, gravity[axis]) - Math.trunc(inner / 2);
  const shift = offsetPixels(gravity[axis] ?? 0, outer, factor);
  const [before, after] = axis === 'x' ? ['west', 'east'] : ['north', 'south'];
  if (gravity.at.includes(before)) return shift;
  if (gravity.at.includes(after)) return outer - inner - shift;
  const middle = (outer - inner + 1) / 2;
  return (gravity.rounding === 'down' ? Math.trunc(middle) : roundHalfEven(middle)) + shift;
}

/** An offset in pixels: from 1 on it counts pixels (times `factor`), below it is a share of the outer length. */
export function offsetPixels(value: number, outer: number, factor: number): number {
  return roundHalfEven(Math.abs(value) >= 1 ? value * factor : value * outer);
}
