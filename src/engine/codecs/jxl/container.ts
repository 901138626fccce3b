import { brotliDecompressSync } from 'node:zlib';
import { isCodestream } from './header.ts';

/** What a JPEG XL file holds, in either form. */
export interface JxlFile {
  /** The codestream, or as many of its first bytes as hold the header. */
  readonly codestream: Uint8Array;
  readonly exif?: Uint8Array;
  readonly xmp?: Uint8Array;
}

/** Every codestream header ends long before. */
const headerBytes = 16 * 1024;
/** Longer metadata is left behind: it would be there to hurt. */
const longestMetadata = 1024 * 1024;
const partNumberBytes = 4;
const exifOffsetBytes = 4;

/**
 * Takes a file apart: the bare codestream, or a container of boxes (ISO/IEC 18181-2), where the codestream is in one
 * `jxlc` or in `jxlp` parts. Nothing but the beginning of the codestream is copied, and only when it is in parts.
 * @returns null when there is no codestream
 */
export function openJxl(bytes: Uint8Array): JxlFile | null {
  if (isCodestream(bytes)) return { codestream: bytes };
  const parts: Uint8Array[] = [];
  let held = 0;
  let exif: Uint8Array | undefined;
  let xmp: Uint8Array | undefined;
  for (const { type, body } of boxesOf(bytes)) {
    if ((type === 'jxlc' || type === 'jxlp') && held < headerBytes) {
      const part = body.subarray(type === 'jxlp' ? partNumberBytes : 0, headerBytes);
      held += part.length;
      parts.push(part);
    }
    const packed = type === 'brob';
    const kind = packed ? nameAt(body, 0) : type;
    if (kind !== 'Exif' && kind !== 'xml ') continue;
    const text = packed ? unpacked(body.subarray(4)) : body;
    if (text === null || text.length > longestMetadata) continue;
    if (kind === 'Exif') exif ??= exifBlock(text);
    else xmp ??= text;
  }
  const codestream = parts.length === 1 ? parts[0]! : Buffer.concat(parts);
  if (!isCodestream(codestream)) return null;
  return { codestream, ...(exif === undefined ? {} : { exif }), ...(xmp === undefined ? {} : { xmp }) };
}

interface Box {
  readonly type: string;
  readonly body: Uint8Array;
}

/** Boxes of the ISO base media file format (ISO/IEC 14496-12 section 4.2); a box that ends behind the file is cut there. */
function* boxesOf(bytes: Uint8Array): Generator<Box> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  while (at + 8 <= bytes.length) {
    const short = view.getUint32(at);
    const long = short === 1 && at + 16 <= bytes.length;
    const start = at + (long ? 16 : 8);
    const length = long ? Number(view.getBigUint64(at + 8)) : short;
    // 0: to the end of the file.
    const end = length === 0 ? bytes.length : at + length;
    if (end < start) return;
    yield { type: nameAt(bytes, at + 4), body: bytes.subarray(start, Math.min(end, bytes.length)) };
    at = end;
  }
}

const nameAt = (bytes: Uint8Array, at: number): string => String.fromCharCode(...bytes.subarray(at, at + 4));

function unpacked(bytes: Uint8Array): Uint8Array | null {
  try {
    return brotliDecompressSync(bytes, { maxOutputLength: longestMetadata });
  } catch {
    return null;
  }
}

/** The TIFF structure begins some bytes behind the number that says how many. */
function exifBlock(body: Uint8Array): Uint8Array | undefined {
  if (body.length < exifOffsetBytes) return undefined;
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  const block = body.subarray(exifOffsetBytes + view.getUint32(0));
  return block.length > 0 ? block : undefined;
}
