import * as z from 'zod';
import type { OperationDefinition } from '../core/operation.ts';
import { planTurn } from './geometry/turn.ts';

/** Turns clockwise, after what came before. */
export interface RotateOperation {
  readonly op: 'rotate';
  readonly angle: 90 | 180 | 270;
}

export const rotate = {
  name: 'rotate',
  summary: 'Turns the picture clockwise by 90, 180 or 270 degrees.',
  schema: () => z.strictObject({ op: z.literal('rotate'), angle: z.literal([90, 180, 270]) }),
  defaults: {},
  plan: ({ angle }, frame) => planTurn(frame, { mirror: false, turn: angle }),
} as const satisfies OperationDefinition<RotateOperation>;
