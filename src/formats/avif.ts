import * as z from 'zod';
import type { EncodeSpec, FormatDefinition } from '../core/format.ts';
import { madeOnce } from '../lib/made-once.ts';

const options = madeOnce(() =>
  z.strictObject({
    /** Default 1; 0 for results over a megapixel. */
    effort: z.number().int().min(0).max(9).exactOptional(),
    /** Default: 4:2:0 below quality 90, 4:4:4 from there on. */
    chromaSubsampling: z.enum(['4:2:0', '4:4:4']).exactOptional(),
    lossless: z.boolean().exactOptional(),
    bitdepth: z.literal([8, 10, 12]).exactOptional(),
  }),
);

/** Results above this many pixels are encoded at effort 0: the next effort takes three times as long. */
const largeResult = 1_000_000;

const effortOf = ({ options: { effort }, pixels }: EncodeSpec): number =>
  typeof effort === 'number' ? effort : pixels > largeResult ? 0 : 1;

/** By effort: libaom 3.15 on photos, quality 60, 4:2:0. */
const msPerMegapixel = [100, 200, 350, 700, 3300, 6000, 8500, 13_000, 25_000, 40_000] as const;

export const avif = {
  name: 'avif',
  mediaTypes: ['image/avif'],
  extensions: ['avif'],
  detectedAs: ['avif'],
  read: { by: 'libvips', loaders: ['VipsForeignLoadHeif'] },
  // AVIF can be animated, but libvips writes the frames as one tall still.
  holds: { alpha: true, animation: false, profile: true, highDepth: true },
  maxSide: 16_384,
  // Of the encoder (aom).
  minSide: 16,
  write: {
    by: 'libvips',
    usesQuality: true,
    quality: 60,
    defaults: {},
    options,
    deep: { bitdepth: 10 },
    msPerMegapixel: (spec) => msPerMegapixel[effortOf(spec)] ?? 0,
    thorough: { effort: 4 },
    encode: (chain, spec) => {
      const { quality = 60 } = spec;
      const {
        effort = effortOf(spec),
        chromaSubsampling = quality < 90 ? '4:2:0' : '4:4:4',
        ...more
      } = options().parse(spec.options);
      return chain.avif({ quality, effort, chromaSubsampling, ...more });
    },
  },
} as const satisfies FormatDefinition;
