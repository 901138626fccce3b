import type { RawPixels } from '../../job/pixels.ts';

const fileHeaderBytes = 14;
/** BITMAPINFOHEADER: every reader knows it. It has no word for alpha. */
const infoHeaderBytes = 40;
/** BITMAPV4HEADER: names the bits of alpha and the colour space. */
const v4HeaderBytes = 108;
/** LCS_sRGB: `sRGB` as a number. */
const srgb = 0x73524742;
const bitFields = 3;
/** 72 dpi, in pixels per metre. */
const resolution = 2835;
/** Sizes of a bitmap are 32-bit numbers. */
const mostBytes = 0xffffffff;

/**
 * A Windows bitmap, uncompressed, rows from the bottom as every reader knows them: 24 bits, or 32 bits under a version 4
 * header where there is alpha (not premultiplied).
 * @returns null when there are too many bytes for the header
 */
export function encodeBmp({ data, width, height, channels }: RawPixels): Buffer | null {
  const alpha = channels === 2 || channels === 4;
  const headerBytes = fileHeaderBytes + (alpha ? v4HeaderBytes : infoHeaderBytes);
  const rowBytes = alpha ? width * 4 : Math.ceil((width * 3) / 4) * 4;
  const size = headerBytes + rowBytes * height;
  if (size > mostBytes) return null;
  const bytes = Buffer.alloc(size);
  writeHeader(bytes, { width, height, alpha, headerBytes });
  // Grey has one channel for all three colours.
  const green = channels < 3 ? 0 : 1;
  let from = 0;
  for (let y = 0; y < height; y += 1) {
    let to = headerBytes + (height - 1 - y) * rowBytes;
    for (let x = 0; x < width; x += 1, from += channels) {
      bytes[to++] = data[from + green * 2]!;
      bytes[to++] = data[from + green]!;
      bytes[to++] = data[from]!;
      if (alpha) bytes[to++] = data[from + channels - 1]!;
    }
  }
  return bytes;
}

interface Header {
  readonly width: number;
  readonly height: number;
  readonly alpha: boolean;
  readonly headerBytes: number;
}

function writeHeader(bytes: Buffer, { width, height, alpha, headerBytes }: Header): void {
  bytes.write('BM', 0, 'latin1');
  bytes.writeUInt32LE(bytes.length, 2);
  bytes.writeUInt32LE(headerBytes, 10);
  bytes.writeUInt32LE(headerBytes - fileHeaderBytes, 14);
  bytes.writeInt32LE(width, 18);
  bytes.writeInt32LE(height, 22);
  bytes.writeUInt16LE(1, 26);
  bytes.writeUInt16LE(alpha ? 32 : 24, 28);
  bytes.writeUInt32LE(bytes.length - headerBytes, 34);
  bytes.writeUInt32LE(resolution, 38);
  bytes.writeUInt32LE(resolution, 42);
  if (!alpha) return;
  bytes.writeUInt32LE(bitFields, 30);
  for (const [index, mask] of [0xff0000, 0xff00, 0xff, 0xff000000].entries())
    bytes.writeUInt32LE(mask, 54 + index * 4);
  bytes.writeUInt32LE(srgb, 70);
}
