import { PictorError } from '../../../core/errors.ts';
import type { RawPixels } from '../../job/pixels.ts';
import { unpackBitmap } from '../bmp/decode.ts';
import type { BmpHeader } from '../bmp/header.ts';
import { asBitmapFile, headerOfBitmap } from './directory.ts';

/**
 * Pixels of a bitmap inside an icon, always with alpha: its own where it has 32 bits and one of them is set, otherwise the
 * mask behind the picture, one bit for each pixel, set where it is clear. A mask that is missing leaves the picture opaque.
 * @throws PictorError IMAGE_BROKEN
 */
export function decodeIconBitmap(bytes: Uint8Array): RawPixels {
  const header = headerOfBitmap(bytes);
  if (header === null) throw new PictorError('IMAGE_BROKEN', { detail: 'ico: no bitmap' });
  const pixels = unpackBitmap(asBitmapFile(bytes), header);
  const data = pixels.channels === 4 ? pixels.data : withAlpha(pixels.data);
  if (pixels.channels !== 4 || isClear(data)) applyMask(data, bytes, header);
  return { ...pixels, data, channels: 4 };
}

function withAlpha(rgb: Buffer): Buffer {
  const rgba = Buffer.alloc((rgb.length / 3) * 4);
  for (let from = 0, to = 0; from < rgb.length; from += 3, to += 4) {
    rgba[to] = rgb[from]!;
    rgba[to + 1] = rgb[from + 1]!;
    rgba[to + 2] = rgb[from + 2]!;
  }
  return rgba;
}

function isClear(rgba: Buffer): boolean {
  for (let at = 3; at < rgba.length; at += 4) if (rgba[at] !== 0) return false;
  return true;
}

const fileHeaderBytes = 14;

/** Rows are padded to four bytes, in the picture and in the mask. */
const padded = (bits: number) => Math.ceil(bits / 32) * 4;

function applyMask(
  rgba: Buffer,
  bytes: Uint8Array,
  { width, height, bits, offset, topDown }: BmpHeader,
): void {
  const start = offset - fileHeaderBytes + padded(width * bits) * height;
  const stride = padded(width);
  const whole = start + stride * height <= bytes.length;
  for (let y = 0; y < height; y += 1) {
    const row = start + stride * (topDown ? y : height - 1 - y);
    for (let x = 0; x < width; x += 1) {
      const masked = whole && ((bytes[row + (x >> 3)]! >> (7 - (x & 7))) & 1) === 1;
      rgba[(y * width + x) * 4 + 3] = masked ? 0 : 255;
    }
  }
}
