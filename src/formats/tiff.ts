import * as z from 'zod';
import type { FormatDefinition } from '../core/format.ts';
import { madeOnce } from '../lib/made-once.ts';

const options = madeOnce(() =>
  z.strictObject({
    /** Default `deflate`: lossless, and it can hold transparency, which `jpeg` cannot. */
    compression: z.enum(['none', 'deflate', 'lzw', 'jpeg', 'webp', 'zstd']).exactOptional(),
    predictor: z.enum(['none', 'horizontal', 'float']).exactOptional(),
  }),
);

export const tiff = {
  name: 'tiff',
  mediaTypes: ['image/tiff'],
  extensions: ['tiff', 'tif'],
  detectedAs: ['tif'],
  read: { by: 'libvips', loaders: ['VipsForeignLoadTiff'] },
  holds: { alpha: true, animation: false, profile: true, highDepth: true },
  ownership: 'tags',
  maxSide: 2_147_483_647,
  write: {
    by: 'libvips',
    // Counts for the lossy compressions only.
    usesQuality: true,
    quality: 80,
    defaults: { compression: 'deflate' },
    options,
    encode: (chain, spec) => chain.tiff({ quality: spec.quality ?? 80, ...options().parse(spec.options) }),
  },
} as const satisfies FormatDefinition;
