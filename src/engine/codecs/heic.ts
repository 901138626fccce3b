import type { Codec } from '../codec.ts';
import { allBytes } from '../job/input.ts';
import { decodeHeif } from './heic/decode.ts';
import { encodeHeic } from './heic/encode.ts';

/** The header is read by sharp's own libheif, which only lacks the decoder. */
export const heic = {
  name: 'heic',
  decoder: { decode: async ({ input, info }) => decodeHeif(await allBytes(input), info) },
  encoder: { takes: 'png', compressionLevel: 0, encode: encodeHeic },
} as const satisfies Codec;
