import * as z from 'zod';
import type { FormatDefinition } from '../core/format.ts';
import { madeOnce } from '../lib/made-once.ts';

const options = madeOnce(() =>
  z.strictObject({
    /** 1 (fast) to 9; from 5 on it takes four times as long. */
    effort: z.number().int().min(1).max(9).exactOptional(),
    /** Leaves `quality` without meaning. */
    lossless: z.boolean().exactOptional(),
  }),
);

const needs = { package: '@jsquash/jxl' } as const;

/** JPEG XL, by libjxl in WebAssembly; that module takes and gives 8 bits in sRGB, and nothing else. */
export const jxl = {
  name: 'jxl',
  mediaTypes: ['image/jxl'],
  extensions: ['jxl'],
  detectedAs: ['jxl'],
  read: { by: 'codec', needs },
  holds: { alpha: true, animation: false, profile: false, highDepth: false },
  // Of level 5 of the main profile (ISO/IEC 18181-1 annex M), which every decoder takes.
  maxSide: 262_144,
  write: {
    by: 'codec',
    needs,
    usesQuality: true,
    quality: 77,
    defaults: { effort: 4 },
    options,
    // What a simple picture takes: whoever offers this format means it, and small ones shall not be put off.
    msPerMegapixel: ({ options: { effort } }) => (typeof effort === 'number' && effort > 4 ? 4000 : 1000),
  },
} as const satisfies FormatDefinition;
