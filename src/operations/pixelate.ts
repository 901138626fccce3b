import * as z from 'zod';
import type { OperationDefinition, PlannedStep } from '../core/operation.ts';

/** Turns the picture into blocks of one colour. */
export interface PixelateOperation {
  readonly op: 'pixelate';
  /** Side of a block in pixels of the result; 0 and 1: nothing happens. At most the longer side of the picture. */
  readonly size: number;
}

export const pixelate = {
  name: 'pixelate',
  summary: 'Turns the picture into square blocks of one colour.',
  schema: z.strictObject({ op: z.literal('pixelate'), size: z.number().int().min(0).max(1e6) }),
  defaults: {},
  plan: (op, frame) => {
    if (op.size < 2) return { steps: [], frame };
    const across = blocksOn(frame.width, op.size);
    const down = blocksOn(frame.height, op.size);
    const blocks = { width: across.count, height: down.count };
    const whole = { width: across.length, height: down.length };
    // Blocks at the right and at the bottom are cut off, not squeezed: the picture is first grown to whole blocks.
    const steps: readonly PlannedStep[] = [
      { step: 'embed', size: whole, left: 0, top: 0, edge: 'copy' },
      { step: 'scale', size: blocks, kernel: 'linear' },
      { step: 'scale', size: whole, kernel: 'nearest' },
      { step: 'extract', area: { left: 0, top: 0, width: frame.width, height: frame.height } },
    ];
    return { steps, frame };
  },
} as const satisfies OperationDefinition<PixelateOperation>;

/** Blocks on one side of the picture, and their length together: less than twice the side. */
function blocksOn(side: number, size: number): { readonly count: number; readonly length: number } {
  const block = Math.min(size, side);
  const count = Math.ceil(side / block);
  return { count, length: count * block };
}
