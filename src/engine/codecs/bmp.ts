import { PictorError } from '../../core/errors.ts';
import { formats } from '../../formats/index.gen.ts';
import type { Codec } from '../codec.ts';
import { allBytes } from '../job/input.ts';
import type { Original } from '../job/probe.ts';
import { stillInfo } from '../still.ts';
import { decodeBmp } from './bmp/decode.ts';
import { encodeBmp } from './bmp/encode.ts';
import { readBmpHeader } from './bmp/header.ts';

export const bmp = {
  name: 'bmp',
  decoder: {
    probe(input): Original {
      const { width, height, bits, masks } = readBmpHeader(input.head);
      const hasAlpha = bits > 8 && masks[3] !== 0;
      const facts = { width, height, hasAlpha, palette: bits <= 8, bytes: input.size };
      const info = stillInfo({ format: 'bmp', ...facts });
      return { input, format: formats.bmp, info };
    },
    decode: async ({ input }) => decodeBmp(await allBytes(input)),
  },
  encoder: {
    takes: 'pixels',
    async encode(pixels) {
      const bytes = encodeBmp(pixels);
      if (bytes !== null) return bytes;
      throw new PictorError('OPERATION_IMPOSSIBLE', { detail: 'more bytes than a bitmap can have' });
    },
  },
} as const satisfies Codec;
