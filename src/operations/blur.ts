import * as z from 'zod';
import type { ChainRenderer, OperationDefinition } from '../core/operation.ts';
import { station } from './render/places.ts';

/** Gaussian blur. */
export interface BlurOperation {
  readonly op: 'blur';
  /** Standard deviation in pixels of the result. Below 0.3 the kernel is a single pixel and nothing happens. */
  readonly sigma: number;
}

/** Bounds of sharp; the lower one is also where the kernel of libvips shrinks to one pixel. */
const least = 0.3;
const most = 1000;

const blurStep: ChainRenderer<'blur'> = {
  places: [{ from: station.blur }],
  frameByFrame: () => true,
  render: (chain, { sigma }) => chain.blur({ sigma }),
};

export const blur = {
  name: 'blur',
  summary: 'Blurs with a Gaussian of the given sigma.',
  schema: () => z.strictObject({ op: z.literal('blur'), sigma: z.number().min(0).max(1e6) }),
  defaults: {},
  plan: ({ sigma }, frame) => ({
    steps: sigma < least ? [] : [{ step: 'blur', sigma: Math.min(sigma, most) }],
    frame,
  }),
  renders: { blur: blurStep },
} as const satisfies OperationDefinition<BlurOperation, 'blur'>;
