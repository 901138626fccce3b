import * as z from 'zod';
import type { OperationDefinition } from '../core/operation.ts';
import { planTurn } from './geometry/turn.ts';

/** Mirrors. Both together are half a turn. */
export interface FlipOperation {
  readonly op: 'flip';
  /** Swaps left and right. */
  readonly horizontal?: boolean;
  /** Swaps top and bottom. */
  readonly vertical?: boolean;
}

export const flip = {
  name: 'flip',
  summary: 'Mirrors the picture left-right, top-bottom or both.',
  schema: () =>
    z.strictObject({
      op: z.literal('flip'),
      horizontal: z.boolean().exactOptional(),
      vertical: z.boolean().exactOptional(),
    }),
  defaults: { horizontal: false, vertical: false },
  plan: ({ horizontal = false, vertical = false }, frame) =>
    // A vertical mirror is a horizontal one and half a turn.
    planTurn(frame, { mirror: horizontal !== vertical, turn: vertical ? 180 : 0 }),
} as const satisfies OperationDefinition<FlipOperation>;
