import * as z from 'zod';
import type { FormatDefinition } from '../core/format.ts';
import { madeOnce } from '../lib/made-once.ts';

const options = madeOnce(() =>
  z.strictObject({
    /** zlib level. */
    compressionLevel: z.number().int().min(0).max(9).exactOptional(),
    progressive: z.boolean().exactOptional(),
    adaptiveFiltering: z.boolean().exactOptional(),
    /** Quantise to at most `colours` colours. */
    palette: z.boolean().exactOptional(),
    colours: z.number().int().min(2).max(256).exactOptional(),
    dither: z.number().min(0).max(1).exactOptional(),
    /** Of the quantiser. */
    effort: z.number().int().min(1).max(10).exactOptional(),
  }),
);

export const png = {
  name: 'png',
  mediaTypes: ['image/png'],
  extensions: ['png'],
  // An animated PNG is read as its first frame.
  detectedAs: ['png', 'apng'],
  read: { by: 'libvips', loaders: ['VipsForeignLoadPng'] },
  holds: { alpha: true, animation: false, profile: true, highDepth: true },
  maxSide: 2_147_483_647,
  write: {
    by: 'libvips',
    usesQuality: false,
    quality: 100,
    defaults: { compressionLevel: 6 },
    options,
    encode: (chain, spec) => {
      const { palette = false, colours, dither, effort, ...more } = options().parse(spec.options);
      // Any knob of the quantiser switches it on in sharp, so they are left out without it.
      if (!palette) return chain.png(more);
      return chain.png({
        ...more,
        palette,
        colours: colours ?? 256,
        dither: dither ?? 1,
        effort: effort ?? 4,
      });
    },
  },
} as const satisfies FormatDefinition;
