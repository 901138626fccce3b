import { crc32, deflateSync } from 'node:zlib';
import sharp from 'sharp';
import type { RawPixels } from './pixels.ts';

/** What raw pixels have no place for. */
export interface Attachments {
  readonly icc?: Uint8Array;
  /** TIFF structure, with or without the `Exif\0\0` that JPEG puts before it. */
  readonly exif?: Uint8Array;
  readonly xmp?: Uint8Array;
}

const signatureBytes = 8;
/** Signature and IHDR: the chunks that must come before the pixels are put here (PNG third edition, section 5.6). */
const headBytes = signatureBytes + 25;

/**
 * Raw pixels with profile and metadata as an uncompressed PNG, so that libvips converts or keeps these as it does with
 * any file.
 */
export async function wrapInPng(pixels: RawPixels, { icc, exif, xmp }: Attachments): Promise<Buffer> {
  const { width, height, channels } = pixels;
  const png = await sharp(pixels.data, { raw: { width, height, channels } })
    .png({ compressionLevel: 0 })
    .toBuffer();
  const chunks = [
    ...(icc === undefined ? [] : [profileChunk(icc)]),
    ...(exif === undefined ? [] : [chunk('eXIf', withoutJpegMark(exif))]),
    ...(xmp === undefined ? [] : [chunk('iTXt', Buffer.from('XML:com.adobe.xmp\0\0\0\0\0', 'latin1'), xmp)]),
  ];
  return Buffer.concat([png.subarray(0, headBytes), ...chunks, png.subarray(headBytes)]);
}

const profileChunk = (icc: Uint8Array): Buffer =>
  chunk('iCCP', Buffer.from('profile\0\0', 'latin1'), deflateSync(icc));

/** A PNG that has no profile, with this one. */
export const insertProfile = (png: Uint8Array, icc: Uint8Array): Buffer =>
  Buffer.concat([png.subarray(0, headBytes), profileChunk(icc), png.subarray(headBytes)]);

/** The first PNG with the header and the pixels of the second. */
export function withPixelsOf(described: Uint8Array, pixels: Uint8Array): Buffer {
  const [, ...others] = chunksOf(described);
  const firstPixels = others.findIndex(isPixels);
  const [header, ...rest] = chunksOf(pixels);
  return Buffer.concat([
    described.subarray(0, signatureBytes),
    header!,
    ...others.slice(0, firstPixels),
    ...rest.filter(isPixels),
    ...others.slice(firstPixels).filter((each) => !isPixels(each)),
  ]);
}

/** Each with its length, type and sum. */
function chunksOf(png: Uint8Array): Buffer[] {
  const bytes = Buffer.from(png.buffer, png.byteOffset, png.byteLength);
  const chunks: Buffer[] = [];
  for (let at = signatureBytes; at < bytes.length; at += chunks.at(-1)!.length)
    chunks.push(bytes.subarray(at, at + 12 + bytes.readUInt32BE(at)));
  return chunks;
}

const isPixels = (each: Buffer): boolean => each.toString('latin1', 4, 8) === 'IDAT';

function chunk(type: string, ...parts: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), ...parts]);
  const framed = Buffer.alloc(body.length + 8);
  framed.writeUInt32BE(body.length - 4, 0);
  body.copy(framed, 4);
  framed.writeUInt32BE(crc32(body), body.length + 4);
  return framed;
}

function withoutJpegMark(exif: Uint8Array): Uint8Array {
  return Buffer.from(exif.subarray(0, 4)).toString('latin1') === 'Exif' ? exif.subarray(6) : exif;
}
