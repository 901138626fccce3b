import * as z from 'zod';
import type { OperationDefinition } from '../core/operation.ts';
import { scaleHalfEven } from '../lib/rounding.ts';

/** Transparent space around the picture, in pixels before dpr. */
export interface PaddingOperation {
  readonly op: 'padding';
  readonly top?: number;
  readonly right?: number;
  readonly bottom?: number;
  readonly left?: number;
}

const length = () => z.number().int().min(0).max(1e6).exactOptional();

export const padding = {
  name: 'padding',
  summary: 'Adds transparent space around the picture.',
  schema: () =>
    z.strictObject({
      op: z.literal('padding'),
      top: length(),
      right: length(),
      bottom: length(),
      left: length(),
    }),
  defaults: { top: 0, right: 0, bottom: 0, left: 0 },
  plan: ({ top = 0, right = 0, bottom = 0, left = 0 }, frame) => {
    const pixels = (value: number) => scaleHalfEven(value, frame.factor);
    const size = {
      width: frame.width + pixels(left) + pixels(right),
      height: frame.height + pixels(top) + pixels(bottom),
    };
    if (size.width === frame.width && size.height === frame.height) return { steps: [], frame };
    return {
      steps: [{ step: 'embed', size, left: pixels(left), top: pixels(top) }],
      frame: { ...frame, ...size, alpha: true },
    };
  },
} as const satisfies OperationDefinition<PaddingOperation>;
