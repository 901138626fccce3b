import * as z from 'zod';
import type { Colour, Rect, Size } from '../core/geometry.ts';
import type { OperationDefinition } from '../core/operation.ts';
import { opaqueColourSchema } from './geometry/colour.ts';

/**
 * Cuts off a border of one colour. Animations stay as they are: their frames would get different sizes.
 */
export interface TrimOperation {
  readonly op: 'trim';
  /** Largest difference to the border's colour, per channel, that still counts as border: 0..255. */
  readonly threshold: number;
  /** Colour of the border; absent: that of the top left pixel. Magenta stands for transparency. */
  readonly colour?: Colour;
  /** Cut the same on the left and on the right: the smaller of both. */
  readonly equalHorizontal?: boolean;
  /** Cut the same at the top and at the bottom. */
  readonly equalVertical?: boolean;
  /**
   * Every pixel that is not like the top left one is content, transparency included; else noise of single pixels is
   * passed over. Then `threshold` and `colour` say nothing. Default false.
   */
  readonly exact?: boolean;
  /** Leave a picture alone of which only a line of one pixel would be left. Default false. */
  readonly spareThin?: boolean;
}

export const trim = {
  name: 'trim',
  summary: 'Cuts off a border of one colour.',
  schema: () =>
    z.strictObject({
      op: z.literal('trim'),
      threshold: z.number().min(0).max(1e6),
      colour: opaqueColourSchema().exactOptional(),
      equalHorizontal: z.boolean().exactOptional(),
      equalVertical: z.boolean().exactOptional(),
      exact: z.boolean().exactOptional(),
      spareThin: z.boolean().exactOptional(),
    }),
  defaults: { equalHorizontal: false, equalVertical: false, exact: false, spareThin: false },
  plan: (op, frame, facts) => {
    if (facts.info.frames > 1) return { steps: [], frame };
    if (facts.measured === undefined) {
      const colour = op.colour === undefined ? {} : { colour: op.colour };
      const exact = op.exact === true ? { exact: true as const } : {};
      return { measure: { find: 'content', threshold: op.threshold, ...colour, ...exact }, before: [] };
    }
    const area = equalised(facts.measured, frame, op);
    if (op.spareThin === true && Math.min(area.width, area.height) <= 1) return { steps: [], frame };
    return {
      steps: [{ step: 'extract', area }],
      frame: { ...frame, width: area.width, height: area.height },
    };
  },
} as const satisfies OperationDefinition<TrimOperation>;

function equalised(box: Rect, size: Size, { equalHorizontal, equalVertical }: TrimOperation): Rect {
  const [left, width] = evened(equalHorizontal, box.left, box.width, size.width);
  const [top, height] = evened(equalVertical, box.top, box.height, size.height);
  return { left, top, width, height };
}

function evened(equal: boolean | undefined, start: number, length: number, whole: number): [number, number] {
  if (equal !== true) return [start, length];
  const margin = Math.min(start, whole - start - length);
  return [margin, whole - 2 * margin];
}
