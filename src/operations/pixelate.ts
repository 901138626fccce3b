import * as z from 'zod';
import type { OperationDefinition, StepRenderer } from '../core/operation.ts';
import { blockMeans } from './render/block-means.ts';

/** Turns the picture into blocks of one colour. */
export interface PixelateOperation {
  readonly op: 'pixelate';
  /** Side of a block in pixels of the result; 0 and 1: nothing happens. At most the longer side of the picture. */
  readonly size: number;
}

const pixelateStep: StepRenderer<'pixelate'> = {
  renderPixels: (frame, { side }) => blockMeans(frame, side),
};

export const pixelate = {
  name: 'pixelate',
  summary: 'Turns the picture into square blocks of one colour, the mean of what was there.',
  schema: () => z.strictObject({ op: z.literal('pixelate'), size: z.number().int().min(0).max(1e6) }),
  defaults: {},
  plan: ({ size }, frame) => {
    const side = Math.min(size, Math.max(frame.width, frame.height));
    return { steps: side < 2 ? [] : [{ step: 'pixelate', side }], frame };
  },
  renders: { pixelate: pixelateStep },
} as const satisfies OperationDefinition<PixelateOperation, 'pixelate'>;
