import * as z from 'zod';
import type { FormatDefinition } from '../core/format.ts';
import { madeOnce } from '../lib/made-once.ts';

const options = madeOnce(() =>
  z.strictObject({
    progressive: z.boolean().exactOptional(),
    /** Default: 4:2:0 below quality 90, 4:4:4 from there on, as libvips chooses. */
    chromaSubsampling: z.enum(['4:2:0', '4:4:4']).exactOptional(),
    optimiseCoding: z.boolean().exactOptional(),
    mozjpeg: z.boolean().exactOptional(),
    /** Of mozjpeg's: how the quality is shared out among details. Default 0, that of the standard; 3 with `mozjpeg`. */
    quantisationTable: z.number().int().min(0).max(8).exactOptional(),
  }),
);

export const jpeg = {
  name: 'jpeg',
  mediaTypes: ['image/jpeg'],
  extensions: ['jpg', 'jpeg'],
  detectedAs: ['jpg'],
  read: { by: 'libvips', loaders: ['VipsForeignLoadJpeg'] },
  holds: { alpha: false, animation: false, profile: true, highDepth: false },
  maxSide: 65_535,
  write: {
    by: 'libvips',
    usesQuality: true,
    quality: 80,
    // Optimised Huffman tables would save 1 % of the bytes for more than twice the time.
    defaults: { optimiseCoding: false },
    options,
    // With the table that the same quality has otherwise: mozjpeg's own keeps less of fine detail.
    thorough: { mozjpeg: true, optimiseCoding: true, quantisationTable: 0 },
    encode: (chain, spec) => {
      const { quality = 80 } = spec;
      const { chromaSubsampling = quality < 90 ? '4:2:0' : '4:4:4', ...more } = options().parse(spec.options);
      return chain.jpeg({ quality, chromaSubsampling, ...more });
    },
  },
} as const satisfies FormatDefinition;
