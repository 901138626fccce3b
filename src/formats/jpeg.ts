import * as z from 'zod';
import type { FormatDefinition } from '../core/format.ts';

const options = z.strictObject({
  progressive: z.boolean().exactOptional(),
  /** Default: 4:2:0 below quality 90, 4:4:4 from there on, as libvips chooses. */
  chromaSubsampling: z.enum(['4:2:0', '4:4:4']).exactOptional(),
  optimiseCoding: z.boolean().exactOptional(),
  mozjpeg: z.boolean().exactOptional(),
});

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
    thorough: { mozjpeg: true, optimiseCoding: true },
    encode: (chain, spec) => {
      const { quality = 80 } = spec;
      const { chromaSubsampling = quality < 90 ? '4:2:0' : '4:4:4', ...more } = options.parse(spec.options);
      return chain.jpeg({ quality, chromaSubsampling, ...more });
    },
  },
} as const satisfies FormatDefinition;
