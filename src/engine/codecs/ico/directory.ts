import type { Size } from '../../../core/geometry.ts';
import { type BmpHeader, readBmpHeader } from '../bmp/header.ts';

/** A picture inside an icon. */
export interface IcoEntry extends Size {
  readonly bits: number;
  /** What it is, and its bytes: a whole PNG, or a bitmap without file header, whose height counts its mask too. */
  readonly kind: 'png' | 'bitmap';
  readonly bytes: Uint8Array;
}

const headerBytes = 6;
const entryBytes = 16;
const pngSignature = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

/**
 * The largest picture of an icon, and of these the one with most bits. Sizes are those of the pictures themselves: the
 * bytes of the directory end at 256 and may be wrong.
 * @returns null when no entry leads to a picture
 */
export function largestEntry(bytes: Uint8Array): IcoEntry | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < headerBytes) return null;
  const listed = view.getUint16(4, true);
  const count = Math.min(listed, Math.floor((bytes.length - headerBytes) / entryBytes));
  let best: IcoEntry | null = null;
  for (let index = 0; index < count; index += 1) {
    const at = headerBytes + index * entryBytes;
    const start = view.getUint32(at + 12, true);
    const entry = readEntry(bytes.subarray(start, start + view.getUint32(at + 8, true)));
    if (entry !== null && (best === null || isBetter(entry, best))) best = entry;
  }
  return best;
}

const isBetter = (one: IcoEntry, other: IcoEntry): boolean => {
  const [first, second] = [one.width * one.height, other.width * other.height];
  return first > second || (first === second && one.bits > other.bits);
};

function readEntry(bytes: Uint8Array): IcoEntry | null {
  if (pngSignature.every((byte, index) => bytes[index] === byte)) return readPng(bytes);
  const header = headerOfBitmap(bytes);
  if (header === null || header.runLength) return null;
  const { width, height, bits } = header;
  return { width, height, bits, kind: 'bitmap', bytes };
}

/** IHDR is the first chunk, at a fixed place (PNG third edition, section 11.2.1). */
function readPng(bytes: Uint8Array): IcoEntry | null {
  if (bytes.length < 33) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [width, height] = [view.getUint32(16), view.getUint32(20)];
  return width === 0 || height === 0 ? null : { width, height, bits: 32, kind: 'png', bytes };
}

const fileHeaderBytes = 14;

/** The bitmap as a file of its own, without its mask. */
export function asBitmapFile(bytes: Uint8Array): Buffer {
  const file = Buffer.alloc(fileHeaderBytes + bytes.length);
  file.set(bytes, fileHeaderBytes);
  const height = file.readInt32LE(22);
  file.writeInt32LE(Math.trunc(height / 2), 22);
  return file;
}

/** Of the picture without its mask; null when it is none. The pixels follow the palette. */
export function headerOfBitmap(bytes: Uint8Array): BmpHeader | null {
  // The oldest kind of header has no use here.
  if (bytes.length < 40 || new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true) < 40) return null;
  try {
    const header = readBmpHeader(asBitmapFile(bytes.subarray(0, 200)));
    const { palette, masks, bits } = header;
    return {
      ...header,
      offset: palette.offset + palette.entryBytes * palette.entries,
      // The fourth byte is alpha, which bitmaps of old have no mask for.
      masks: bits === 32 ? [masks[0], masks[1], masks[2], 0xff000000] : masks,
    };
  } catch {
    return null;
  }
}
