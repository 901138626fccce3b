import type { Orientation, Size } from '../../core/geometry.ts';

/** What stands before the pixels of a JPEG, as libvips tells it. */
export interface JpegHeader extends Size {
  readonly space: 'b-w' | 'srgb';
  readonly orientation: Orientation;
  /** The first block of each kind, as it stands there. */
  readonly exif?: Uint8Array;
  readonly xmp?: Uint8Array;
  readonly iptc?: Uint8Array;
  readonly icc?: Uint8Array;
}

/** One that reaches beyond the bytes at hand. */
export const beyond = Symbol('beyond');

/**
 * Reads the header of an ordinary JPEG (ITU-T T.81 annex B): to ask libvips costs twenty times as much, as it sets up a
 * decoder for it. Null for everything that is not plain (other processes than Huffman coding of 8 bits, inks, profiles in
 * several pieces, fields that contradict each other, bytes that belong to nothing): libvips then says what it makes of it.
 * @param head the first bytes of the file
 */
export function readJpegHeader(head: Uint8Array): JpegHeader | typeof beyond | null {
  const bytes = Buffer.from(head.buffer, head.byteOffset, head.byteLength);
  if (!isJpeg(bytes)) return null;
  const found: Found = {};
  for (let at = 2; ; ) {
    const marker = bytes[at + 1];
    if (marker === undefined) return beyond;
    if (bytes[at] !== 0xff || !isSegment(marker)) return null;
    if (at + 4 > bytes.length) return beyond;
    const end = at + 2 + bytes.readUInt16BE(at + 2);
    if (end < at + 4) return null;
    if (marker === startOfScan) return conclude(found);
    if (end > bytes.length) return beyond;
    if (!take(found, marker, bytes.subarray(at + 4, end))) return null;
    at = end;
  }
}

/** Start of image, and the first byte of whatever follows. */
const isJpeg = (head: Uint8Array): boolean => head[0] === 0xff && head[1] === 0xd8 && head[2] === 0xff;

interface Found {
  frame?: Buffer;
  exif?: Buffer;
  xmp?: Buffer;
  iptc?: Buffer;
  icc?: Buffer;
}

const startOfScan = 0xda;
const app0 = 0xe0;
/** Frames with Huffman coding: baseline, extended, progressive. */
const frames: ReadonlySet<number> = new Set([0xc0, 0xc1, 0xc2]);
/** Huffman and quantisation tables, restart interval, application data, comment. */
const others: ReadonlySet<number> = new Set([
  0xc4,
  0xdb,
  0xdd,
  0xfe,
  ...Array.from({ length: 16 }, (_, index) => app0 + index),
]);

const isSegment = (marker: number): boolean =>
  marker === startOfScan || frames.has(marker) || others.has(marker);

/** False: not to be told from here. */
function take(found: Found, marker: number, data: Buffer): boolean {
  if (frames.has(marker)) {
    if (found.frame !== undefined) return false;
    found.frame = data;
  } else if (marker === app0 + 1) {
    if (begins(data, exifName)) found.exif ??= data;
    else if (begins(data, xmpName)) found.xmp ??= data.subarray(xmpName.length);
    else return !begins(data, 'Exif') && !begins(data, 'http');
  } else if (marker === app0 + 2 && begins(data, 'ICC')) {
    // A profile in one piece: number one of one.
    const isWhole = begins(data, profileName) && data[12] === 1 && data[13] === 1;
    if (found.icc !== undefined || !isWhole) return false;
    found.icc = data.subarray(14);
  } else if (marker === app0 + 13 && begins(data, 'Photo')) {
    found.iptc ??= data;
  }
  return true;
}

const exifName = 'Exif\0\0';
const xmpName = 'http://ns.adobe.com/xap/1.0/\0';
const profileName = 'ICC_PROFILE\0';

const begins = (data: Buffer, name: string): boolean =>
  data.length > name.length && data.toString('latin1', 0, name.length) === name;

/** Channels by the number of components in the frame; those of inks are left to libvips. */
const spaces: Readonly<Record<number, JpegHeader['space']>> = { 1: 'b-w', 3: 'srgb' };

function conclude({ frame, ...blocks }: Found): JpegHeader | null {
  if (frame === undefined || frame.length < 6 || frame[0] !== 8) return null;
  const space = spaces[frame[5]!];
  const height = frame.readUInt16BE(1);
  const width = frame.readUInt16BE(3);
  const orientation = blocks.exif === undefined ? 1 : exifOrientation(blocks.exif);
  if (space === undefined || orientation === null || width === 0 || height === 0) return null;
  if (frame.length !== 6 + 3 * frame[5]!) return null;
  return { width, height, space, orientation, ...blocks };
}

const orientationTag = 0x0112;
const shortType = 3;

/** Of the first directory (Exif 2.32 section 4.6.2); 1 where it says nothing. Null: not plainly said. */
function exifOrientation(exif: Buffer): Orientation | null {
  const tiff = exif.subarray(6);
  const order = tiff.toString('latin1', 0, 2);
  if (tiff.length < 14 || (order !== 'II' && order !== 'MM')) return null;
  const short = (at: number) => (order === 'II' ? tiff.readUInt16LE(at) : tiff.readUInt16BE(at));
  const long = (at: number) => (order === 'II' ? tiff.readUInt32LE(at) : tiff.readUInt32BE(at));
  const directory = long(4);
  if (short(2) !== 42 || directory < 8 || directory + 2 > tiff.length) return null;
  const count = short(directory);
  if (directory + 2 + 12 * count > tiff.length) return null;
  const entries = Array.from({ length: count }, (_, index) => directory + 2 + 12 * index);
  const [entry, second] = entries.filter((at) => short(at) === orientationTag);
  if (entry === undefined) return 1;
  const value = short(entry + 8);
  const isPlain = second === undefined && short(entry + 2) === shortType && long(entry + 4) === 1;
  return isPlain && value >= 1 && value <= 8 ? (value as Orientation) : null;
}
