// Generated from the files of this folder by `npm run gen`.

import { avif } from './avif.ts';
import { bmp } from './bmp.ts';
import { gif } from './gif.ts';
import { heic } from './heic.ts';
import { ico } from './ico.ts';
import { jpeg } from './jpeg.ts';
import { jxl } from './jxl.ts';
import { pdf } from './pdf.ts';
import { png } from './png.ts';
import { svg } from './svg.ts';
import { tiff } from './tiff.ts';
import { webp } from './webp.ts';

/** Every format by name. */
export const formats = {
  avif,
  bmp,
  gif,
  heic,
  ico,
  jpeg,
  jxl,
  pdf,
  png,
  svg,
  tiff,
  webp,
} as const;

/** Name of a format pictor reads or writes. */
export type FormatName = keyof typeof formats;
