import * as z from 'zod';
import type { Colour } from '../core/geometry.ts';
import type { ChainRenderer, OperationDefinition } from '../core/operation.ts';
import { opaqueColourSchema } from './geometry/colour.ts';
import { readyForColour } from './render/colour-space.ts';
import { station } from './render/places.ts';

/** Lays the picture onto a colour, which shows through its transparent parts. */
export interface BackgroundOperation {
  readonly op: 'background';
  readonly colour: Colour;
}

const flatten: ChainRenderer<'flatten'> = {
  // It works pixel by pixel, so doing it after a turn or a cut gives the same as doing it before.
  places: [{ from: 0 }, { from: station.flatten }],
  render: (chain, { colour }, inputs) =>
    readyForColour(chain, colour, inputs).flatten({ background: { r: colour.r, g: colour.g, b: colour.b } }),
};

export const background = {
  name: 'background',
  summary: 'Lays the picture onto a colour.',
  schema: () => z.strictObject({ op: z.literal('background'), colour: opaqueColourSchema() }),
  defaults: {},
  plan: ({ colour }, frame) =>
    frame.alpha
      ? { steps: [{ step: 'flatten', colour }], frame: { ...frame, alpha: false } }
      : { steps: [], frame },
  renders: { flatten },
} as const satisfies OperationDefinition<BackgroundOperation, 'flatten'>;
