import * as z from 'zod';
import type { ChainRenderer, OperationDefinition } from '../core/operation.ts';
import { exifTurns } from './geometry/orientation.ts';
import { planTurn } from './geometry/turn.ts';
import { station } from './render/places.ts';

/** Turns the picture the way its EXIF orientation says. */
export interface AutoOrientOperation {
  readonly op: 'auto-orient';
}

const orient: ChainRenderer<'orient'> = {
  // A mirror alone does not make sharp work "before": only a rotation does.
  places: [{ from: station.turnFirst }, { from: station.turn }],
  // Turning a stack of frames would also turn their order.
  frameByFrame: ({ turn }) => turn !== 0,
  render: (chain, { mirror, turn }) => {
    const mirrored = mirror ? chain.flop() : chain;
    return turn === 0 ? mirrored : mirrored.rotate(turn);
  },
};

export const autoOrient = {
  name: 'auto-orient',
  summary: 'Turns and mirrors the picture as its EXIF orientation says.',
  schema: () => z.strictObject({ op: z.literal('auto-orient') }),
  defaults: {},
  plan: (_, frame) => {
    const { steps, frame: turned } = planTurn(frame, exifTurns[frame.orientation]);
    return { steps, frame: { ...turned, orientation: 1 } };
  },
  renders: { orient },
} as const satisfies OperationDefinition<AutoOrientOperation, 'orient'>;
