import type { RawPixels } from '../../job/pixels.ts';
import { type BmpHeader, broken, readBmpHeader } from './header.ts';

/**
 * Unpacks a bitmap: 1 to 32 bits per pixel, palettes, bit masks, run lengths, both directions. Our own, because libvips
 * has no reader without ImageMagick, and the readers on npm ignore the pixel offset or mix up channels of run-length
 * and odd-width bitmaps. Limits must have been checked against the header: this allocates width × height × 4 bytes.
 * Where the header names the bits of alpha, they count even if none is set anywhere, as in imgproxy and Chromium; without
 * such a name the fourth byte means nothing.
 * @throws PictorError IMAGE_BROKEN
 */
export const decodeBmp = (bytes: Uint8Array): RawPixels => unpackBitmap(bytes, readBmpHeader(bytes));

/**
 * The pixels as they are stored.
 * @param header of these bytes, which may know better than they do themselves
 * @throws PictorError IMAGE_BROKEN
 */
export function unpackBitmap(bytes: Uint8Array, header: BmpHeader): RawPixels {
  const { width, height, bits } = header;
  const channels = bits > 8 && header.masks[3] !== 0 ? 4 : 3;
  const data = Buffer.alloc(width * height * channels);
  if (bits <= 8)
    paint(
      data,
      header.runLength ? runLengthIndices(bytes, header) : packedIndices(bytes, header),
      readPalette(bytes, header),
    );
  else if (bits === 24) copyTriples(data, bytes, header);
  else unmask(data, bytes, header);
  return { data, width, height, channels };
}

/** Rows are padded to four bytes. */
const rowBytes = ({ width, bits }: BmpHeader) => Math.ceil((width * bits) / 32) * 4;

/** Calls `visit` for each row of the picture from the top with the offset of its bytes. */
function eachRow(bytes: Uint8Array, header: BmpHeader, visit: (y: number, offset: number) => void): void {
  const stride = rowBytes(header);
  if (
    header.offset + stride * (header.height - 1) + Math.ceil((header.width * header.bits) / 8) >
    bytes.length
  ) {
    throw broken('pixels are cut off');
  }
  for (let y = 0; y < header.height; y += 1) {
    visit(y, header.offset + stride * (header.topDown ? y : header.height - 1 - y));
  }
}

/** Blue, green, red (and a spare byte) per entry; entries that are missing are black. */
function readPalette(bytes: Uint8Array, { palette }: BmpHeader): Uint8Array {
  const colours = new Uint8Array(256 * 3);
  for (let index = 0; index < palette.entries; index += 1) {
    const at = palette.offset + index * palette.entryBytes;
    colours[index * 3] = bytes[at + 2] ?? 0;
    colours[index * 3 + 1] = bytes[at + 1] ?? 0;
    colours[index * 3 + 2] = bytes[at] ?? 0;
  }
  return colours;
}

function packedIndices(bytes: Uint8Array, header: BmpHeader): Uint8Array {
  const { width, height, bits } = header;
  const indices = new Uint8Array(width * height);
  const perByte = 8 / bits;
  const mask = 2 ** bits - 1;
  eachRow(bytes, header, (y, offset) => {
    for (let x = 0; x < width; x += 1) {
      const byte = bytes[offset + Math.floor(x / perByte)]!;
      indices[y * width + x] = (byte >> (8 - bits - (x % perByte) * bits)) & mask;
    }
  });
  return indices;
}

/** BI_RLE4 and BI_RLE8: pairs of (count, value), or (0, escape). What no run reaches keeps index 0. */
function runLengthIndices(bytes: Uint8Array, { width, height, bits, offset }: BmpHeader): Uint8Array {
  const indices = new Uint8Array(width * height);
  const nibbles = bits === 4;
  let x = 0;
  let y = 0;
  const put = (index: number) => {
    if (x < width) indices[(height - 1 - y) * width + x] = index;
    x += 1;
  };
  const half = (byte: number, step: number) => (nibbles ? (step % 2 === 0 ? byte >> 4 : byte & 15) : byte);
  let at = offset;
  while (y < height) {
    if (at + 1 >= bytes.length) throw broken('runs are cut off');
    const count = bytes[at]!;
    const value = bytes[at + 1]!;
    at += 2;
    if (count > 0) {
      for (let step = 0; step < count; step += 1) put(half(value, step));
    } else if (value === 0) {
      x = 0;
      y += 1;
    } else if (value === 1) {
      break;
    } else if (value === 2) {
      x += bytes[at] ?? 0;
      y += bytes[at + 1] ?? 0;
      at += 2;
    } else {
      for (let step = 0; step < value; step += 1)
        put(half(bytes[at + (nibbles ? step >> 1 : step)] ?? 0, step));
      const used = nibbles ? (value + 1) >> 1 : value;
      at += used + (used % 2);
    }
  }
  return indices;
}

function paint(data: Buffer, indices: Uint8Array, colours: Uint8Array): void {
  for (let pixel = 0, at = 0; pixel < indices.length; pixel += 1, at += 3) {
    const colour = indices[pixel]! * 3;
    data[at] = colours[colour]!;
    data[at + 1] = colours[colour + 1]!;
    data[at + 2] = colours[colour + 2]!;
  }
}

function copyTriples(data: Buffer, bytes: Uint8Array, header: BmpHeader): void {
  let at = 0;
  eachRow(bytes, header, (_, offset) => {
    for (let from = offset, end = offset + header.width * 3; from < end; from += 3, at += 3) {
      data[at] = bytes[from + 2]!;
      data[at + 1] = bytes[from + 1]!;
      data[at + 2] = bytes[from]!;
    }
  });
}

function unmask(data: Buffer, bytes: Uint8Array, header: BmpHeader): void {
  const wide = header.bits === 32;
  const channels = header.masks.filter((mask, index) => index < 3 || mask !== 0).map(channelReader);
  let at = 0;
  eachRow(bytes, header, (_, offset) => {
    for (let x = 0, from = offset; x < header.width; x += 1, from += wide ? 4 : 2) {
      const low = bytes[from]! | (bytes[from + 1]! << 8);
      const pixel = wide ? (low | (bytes[from + 2]! << 16) | (bytes[from + 3]! << 24)) >>> 0 : low;
      for (const read of channels) data[at++] = read(pixel);
    }
  });
}

/** Takes the bits of a mask out of a pixel and stretches them to 0..255. */
function channelReader(mask: number): (pixel: number) => number {
  if (mask === 0) return () => 0;
  const shift = 31 - Math.clz32(mask & -mask);
  const most = mask >>> shift;
  return (pixel) => Math.round((((pixel & mask) >>> shift) * 255) / most);
}
