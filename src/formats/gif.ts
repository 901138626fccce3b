import * as z from 'zod';
import type { FormatDefinition } from '../core/format.ts';
import { madeOnce } from '../lib/made-once.ts';
import { animationOf } from './animation/animation.ts';

const options = madeOnce(() =>
  z.strictObject({
    effort: z.number().int().min(1).max(10).exactOptional(),
    colours: z.number().int().min(2).max(256).exactOptional(),
    dither: z.number().min(0).max(1).exactOptional(),
    interFrameMaxError: z.number().min(0).max(32).exactOptional(),
    interPaletteMaxError: z.number().min(0).max(256).exactOptional(),
    keepDuplicateFrames: z.boolean().exactOptional(),
  }),
);

export const gif = {
  name: 'gif',
  mediaTypes: ['image/gif'],
  extensions: ['gif'],
  detectedAs: ['gif'],
  read: { by: 'libvips', loaders: ['VipsForeignLoadNsgif'] },
  holds: { alpha: true, animation: true, profile: false, highDepth: false },
  maxSide: 65_535,
  // Of the encoder (cgif), which counts the bytes of a frame in 31 bits, four to a pixel.
  maxPixels: 536_870_911,
  write: {
    by: 'libvips',
    usesQuality: false,
    quality: 100,
    // sharp's own default (7) takes half as long again.
    defaults: { effort: 1 },
    options,
    encode: (chain, spec) => chain.gif({ ...options().parse(spec.options), ...animationOf(spec) }),
  },
} as const satisfies FormatDefinition;
