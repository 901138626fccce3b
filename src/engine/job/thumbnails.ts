/**
 * Previews that cameras and editors put into metadata. They show the picture before it was cut or pixelated, so they must
 * not go along with a result that keeps its metadata. Everything else in the metadata stays as it is, byte for byte, and
 * every block keeps its length: containers need not be understood.
 */
import { crc32 } from 'node:zlib';
import { allBytes } from './input.ts';
import type { Original } from './probe.ts';

/** A block of metadata with its previews blanked; null when there are none. */
type Cleaned = Buffer | null;

/** The original as it would be without previews in its metadata. */
export async function withoutThumbnails(original: Original): Promise<Original> {
  const exif = withoutExifThumbnail(original.exif);
  const xmp = withoutXmpThumbnails(original.xmp);
  const iptc = withoutPhotoshopThumbnail(original.iptc);
  const blocks = [
    [original.exif, exif],
    [original.xmp, xmp],
    [original.iptc, iptc],
  ] as const;
  if (blocks.every(([, cleaned]) => cleaned === null)) return original;
  const attached = { ...original, ...(exif === null ? {} : { exif }), ...(xmp === null ? {} : { xmp }) };
  if (original.format.read?.by !== 'libvips') return attached;
  const file = Buffer.from(await allBytes(original.input));
  for (const [before, cleaned] of blocks)
    if (before !== undefined && cleaned !== null) replace(file, before, cleaned);
  if (original.format.name === 'png') renewChecksums(file);
  return { ...attached, input: { ...original.input, from: file } };
}

/** libvips hands EXIF over with the mark of JPEG in front also where the file has none. */
function replace(file: Buffer, before: Uint8Array, cleaned: Buffer): void {
  const mark = tiffStart(before);
  const at = file.indexOf(before.subarray(mark));
  if (at >= 0) cleaned.copy(file, at, mark);
}

/** The `Exif\0\0` of JPEG stands before the TIFF structure. */
const tiffStart = (exif: Uint8Array): number => (exif[0] === 0x45 && exif[1] === 0x78 ? 6 : 0);

/** The second directory describes the thumbnail (Exif 3.0 section 4.5.5): without a way to it there is none. */
function withoutExifThumbnail(exif: Uint8Array | undefined): Cleaned {
  if (exif === undefined) return null;
  const cleaned = Buffer.from(exif);
  const start = tiffStart(exif);
  const view = new DataView(cleaned.buffer, cleaned.byteOffset + start, cleaned.length - start);
  try {
    const little = view.getUint16(0) === 0x4949;
    const first = view.getUint32(4, little);
    const next = first + 2 + view.getUint16(first, little) * 12;
    if (view.getUint32(next, little) === 0) return null;
    view.setUint32(next, 0, little);
    return cleaned;
  } catch (error) {
    // An offset that points outside: libexif will not find a thumbnail either.
    if (error instanceof RangeError) return null;
    throw error;
  }
}

/** Base64 of a JPEG, as element or attribute (XMP part 2, Thumbnail). */
const xmpThumbnail = /(<xmpGImg:image>|xmpGImg:image=["'])[^<"']+/g;

function withoutXmpThumbnails(xmp: Uint8Array | undefined): Cleaned {
  if (xmp === undefined) return null;
  const text = Buffer.from(xmp).toString('latin1');
  const cleaned = text.replace(
    xmpThumbnail,
    (all, before: string) => before + ' '.repeat(all.length - before.length),
  );
  return cleaned === text ? null : Buffer.from(cleaned, 'latin1');
}

/** Image resources 0x0409 and 0x040c: thumbnails of Photoshop, beside IPTC in the same block of a JPEG. */
const thumbnailResources: ReadonlySet<number> = new Set([0x0409, 0x040c]);

function withoutPhotoshopThumbnail(iptc: Uint8Array | undefined): Cleaned {
  if (iptc === undefined) return null;
  const cleaned = Buffer.from(iptc);
  let found = false;
  for (let at = cleaned.indexOf('8BIM'); at >= 0 && at + 12 <= cleaned.length; ) {
    // Name: one byte of length, padded to an even number of bytes together.
    const data = at + 6 + (((cleaned[at + 6] ?? 0) + 2) & ~1) + 4;
    if (data > cleaned.length) break;
    const end = Math.min(data + cleaned.readUInt32BE(data - 4), cleaned.length);
    if (thumbnailResources.has(cleaned.readUInt16BE(at + 4))) {
      cleaned.fill(0, data, end);
      found = true;
    }
    at = cleaned.indexOf('8BIM', end);
  }
  return found ? cleaned : null;
}

/** Of the chunks that hold metadata (PNG third edition, section 5.3): readers leave out what does not match. */
function renewChecksums(png: Buffer): void {
  for (let at = 8; at + 12 <= png.length; ) {
    const end = at + 8 + png.readUInt32BE(at);
    if (end + 4 > png.length) return;
    const type = png.toString('latin1', at + 4, at + 8);
    if (type === 'eXIf' || type === 'iTXt') png.writeUInt32BE(crc32(png.subarray(at + 4, end)), end);
    at = end + 4;
  }
}
