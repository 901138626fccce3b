import { open } from 'node:fs/promises';
import { PictorError } from '../core/errors.ts';
import { sniffedType } from './sniffed-type.ts';

/** Brands of the ISO base media file format that are pictures (ISO/IEC 23008-12, AVIF 1.1). */
const brands: Readonly<Record<string, string>> = {
  avif: 'image/avif',
  avis: 'image/avif',
  heic: 'image/heic',
  heix: 'image/heic',
  heim: 'image/heic',
  heis: 'image/heic',
  hevc: 'image/heic-sequence',
  hevx: 'image/heic-sequence',
  mif1: 'image/heif',
  msf1: 'image/heif-sequence',
};

/** First bytes in hexadecimal of pictures that browsers did not know when the rules of sniffing were written. */
const younger: readonly (readonly [start: RegExp, type: string])[] = [
  [/^ff0a/, 'image/jxl'],
  [/^0000000c4a584c200d0a870a/, 'image/jxl'],
  [/^49492a00|^4d4d002a|^49492b00|^4d4d002b/, 'image/tiff'],
];

/** Drawings. */
export const svgType = 'image/svg+xml';

/** Documents. */
export const pdfType = 'application/pdf';

/** What may stand in front of the root of a drawing; each is taken off by itself, so that no text takes long. */
const beforeRoot = /^(?:\s+|<\?xml[^>]*>|<!--(?:(?!-->).)*-->|<!DOCTYPE svg[^>[]*(?:\[[^\]]*\]\s*)?>)/s;

/** Programs that draw put declarations and a word about themselves in front. */
const mostBeforeRoot = 4096;

function isSvg(bytes: Uint8Array): boolean {
  const start = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, mostBeforeRoot));
  let text = start.toString('latin1').replace(/^\u00ef\u00bb\u00bf/, '');
  if (!/^\s*</.test(text)) return false;
  for (let match = beforeRoot.exec(text); match !== null; match = beforeRoot.exec(text))
    text = text.slice(match[0].length);
  return /^<svg[\s>]/.test(text);
}

/** Whether a file begins as a drawing does: then it is sent as one. @throws PictorError STORAGE_FAILED */
export async function isSvgFile(path: string): Promise<boolean> {
  try {
    const handle = await open(path);
    try {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(mostBeforeRoot), 0, mostBeforeRoot, 0);
      return isSvg(buffer.subarray(0, bytesRead));
    } finally {
      await handle.close();
    }
  } catch (cause) {
    throw new PictorError('STORAGE_FAILED', { detail: String(cause), cause });
  }
}

/**
 * The media type an object is sent with, from its first bytes: that of a picture or a PDF, or `application/octet-stream`.
 * Whoever could put a page into a bucket must not have it shown as one of this host.
 */
export function sniffedObjectType(bytes: Uint8Array): string {
  const start = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, 16));
  if (start.toString('latin1', 4, 8) === 'ftyp')
    return brands[start.toString('latin1', 8, 12)] ?? 'application/octet-stream';
  if (isSvg(bytes)) return svgType;
  const hex = start.toString('hex');
  const type = younger.find(([pattern]) => pattern.test(hex))?.[1] ?? sniffedType(bytes);
  return type.startsWith('image/') || type === pdfType ? type : 'application/octet-stream';
}
