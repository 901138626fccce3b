import * as z from 'zod';
import type { ChainRenderer, OperationDefinition } from '../core/operation.ts';
import { station } from './render/places.ts';

/** Sharpens the lightness, jagged areas only, as libvips does by default. */
export interface SharpenOperation {
  readonly op: 'sharpen';
  /** Standard deviation of the mask, in pixels of the result; 0: nothing happens, above 10 counts as 10 (libvips). */
  readonly sigma: number;
}

const least = 0.000001;
const most = 10;

const sharpenStep: ChainRenderer<'sharpen'> = {
  places: [{ from: station.sharpen }],
  frameByFrame: () => true,
  // Flat and jagged gain as in libvips; sharp's own defaults (1 and 2) would also raise the noise of flat areas.
  render: (chain, { sigma }) => chain.sharpen({ sigma, m1: 0, m2: 3 }),
};

export const sharpen = {
  name: 'sharpen',
  summary: 'Sharpens with a mask of the given sigma.',
  schema: () => z.strictObject({ op: z.literal('sharpen'), sigma: z.number().min(0).max(1e6) }),
  defaults: {},
  plan: ({ sigma }, frame) => ({
    steps: sigma < least ? [] : [{ step: 'sharpen', sigma: Math.min(sigma, most) }],
    frame,
  }),
  renders: { sharpen: sharpenStep },
} as const satisfies OperationDefinition<SharpenOperation, 'sharpen'>;
