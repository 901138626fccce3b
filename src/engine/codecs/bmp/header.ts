import { PictorError } from '../../../core/errors.ts';

/**
 * Header of a Windows or OS/2 bitmap: BITMAPFILEHEADER and any of BITMAPCOREHEADER (12 bytes), OS22XBITMAPHEADER (64),
 * BITMAPINFOHEADER (40) and its successors (52, 56, 108, 124). All numbers little-endian.
 */
export interface BmpHeader {
  readonly width: number;
  readonly height: number;
  readonly topDown: boolean;
  readonly bits: 1 | 2 | 4 | 8 | 16 | 24 | 32;
  readonly runLength: boolean;
  /** Where the pixels start. */
  readonly offset: number;
  readonly palette: { readonly offset: number; readonly entryBytes: 3 | 4; readonly entries: number };
  /** Bit masks of red, green, blue and alpha in a pixel of 16 or 32 bits; 0: channel absent. */
  readonly masks: readonly [red: number, green: number, blue: number, alpha: number];
}

/** BI_RGB, BI_RLE8, BI_RLE4, BI_BITFIELDS, BI_ALPHABITFIELDS. Bitmaps that wrap a JPEG or PNG are not read. */
const compressions = { rgb: 0, rle8: 1, rle4: 2, bitFields: 3, alphaBitFields: 6 } as const;
const fileHeaderBytes = 14;
const coreHeaderBytes = 12;
const infoHeaderBytes = 40;
const headerBytes = new Set([coreHeaderBytes, infoHeaderBytes, 52, 56, 64, 108, 124]);
const os2HeaderBytes = 64;

/** @param head the first 200 bytes at least, where there are so many. @throws PictorError IMAGE_BROKEN */
export function readBmpHeader(head: Uint8Array): BmpHeader {
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const length = view.byteLength > 18 ? view.getUint32(14, true) : 0;
  if (!headerBytes.has(length)) throw broken(`header of ${length} bytes`);
  if (view.byteLength < fileHeaderBytes + length) throw broken('header is cut off');
  const header = length === coreHeaderBytes ? coreHeader(view) : infoHeader(view, length);
  if (header.width === 0 || header.height === 0) throw broken('no pixels');
  return header;
}

function coreHeader(view: DataView): BmpHeader {
  const bits = depth(view.getUint16(24, true));
  return {
    width: view.getUint16(18, true),
    height: view.getUint16(20, true),
    topDown: false,
    bits,
    runLength: false,
    offset: view.getUint32(10, true),
    palette: { offset: fileHeaderBytes + coreHeaderBytes, entryBytes: 3, entries: bits <= 8 ? 2 ** bits : 0 },
    masks: defaultMasks(bits),
  };
}

function infoHeader(view: DataView, length: number): BmpHeader {
  const height = view.getInt32(22, true);
  const width = view.getInt32(18, true);
  if (width < 0) throw broken('negative width');
  const bits = depth(view.getUint16(28, true));
  const compression = view.getUint32(30, true);
  const runLength = compression === compressions.rle8 || compression === compressions.rle4;
  const masked = compression === compressions.bitFields || compression === compressions.alphaBitFields;
  const expected = compression === compressions.rle8 ? 8 : 4;
  if (runLength ? bits !== expected : !masked && compression !== compressions.rgb)
    throw broken(`compression ${compression} with ${bits} bits`);
  if (masked && length === os2HeaderBytes) throw broken('compression of OS/2');
  if (masked && bits !== 16 && bits !== 32) throw broken(`bit masks with ${bits} bits`);
  // Masks follow a plain info header, and are part of the longer ones.
  const maskBytes =
    length !== infoHeaderBytes || !masked ? 0 : compression === compressions.alphaBitFields ? 16 : 12;
  if (view.byteLength < fileHeaderBytes + length + maskBytes) throw broken('bit masks are cut off');
  const colours = view.getUint32(46, true);
  const most = bits <= 8 ? 2 ** bits : 0;
  return {
    width,
    height: Math.abs(height),
    topDown: height < 0,
    bits,
    runLength,
    offset: view.getUint32(10, true),
    palette: {
      offset: fileHeaderBytes + length + maskBytes,
      entryBytes: 4,
      entries: colours === 0 ? most : Math.min(colours, most),
    },
    masks: masked ? readMasks(view, length > 52 || maskBytes === 16) : defaultMasks(bits),
  };
}

function readMasks(view: DataView, alpha: boolean): BmpHeader['masks'] {
  const at = fileHeaderBytes + infoHeaderBytes;
  return [
    view.getUint32(at, true),
    view.getUint32(at + 4, true),
    view.getUint32(at + 8, true),
    alpha ? view.getUint32(at + 12, true) : 0,
  ];
}

/** 16 bits are 5-5-5 and the fourth byte of 32 bits means nothing, unless masks say otherwise. */
const defaultMasks = (bits: number): BmpHeader['masks'] =>
  bits === 16 ? [0x7c00, 0x3e0, 0x1f, 0] : [0xff0000, 0xff00, 0xff, 0];

function depth(bits: number): BmpHeader['bits'] {
  if (bits === 1 || bits === 2 || bits === 4 || bits === 8 || bits === 16 || bits === 24 || bits === 32)
    return bits;
  throw broken(`${bits} bits per pixel`);
}

export const broken = (detail: string) => new PictorError('IMAGE_BROKEN', { detail: `bmp: ${detail}` });
