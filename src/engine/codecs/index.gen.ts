// Generated from the files of this folder by `npm run gen`.

import type { Codec } from '../codec.ts';
import { bmp } from './bmp.ts';
import { heic } from './heic.ts';
import { ico } from './ico.ts';
import { jxl } from './jxl.ts';
import { pdf } from './pdf.ts';

/** Every codec of our own, by the name of its format. */
export const codecs: ReadonlyMap<string, Codec> = new Map<string, Codec>(
  [bmp, heic, ico, jxl, pdf].map((codec) => [codec.name, codec]),
);
