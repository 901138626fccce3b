import { crc32 } from 'node:zlib';
import type { BlobMeta } from '../../core/ports.ts';
import { parseBlobMeta } from '../blob-meta.ts';

/**
 * A blob as an object: the body is the object's, so that it can be looked at and served by others, and the meta goes with
 * it as user metadata, so that one request reads both. S3 allows two kilobytes of that; a longer meta stands behind the
 * body.
 */
const metaName = 'pictor-meta';
/** Bytes of the meta at the end of the object. */
const tailName = 'pictor-tail';
/** CRC-32 of all bytes: an object whose body and metadata do not belong together counts as missing. */
const checkName = 'pictor-crc32';

/** Characters of an encoded meta that still goes into the headers. The limit of 2048 is for names and values together. */
const longestHeader = 1900;

export type UserMetadata = Readonly<Record<string, string>>;

/** What stands in the headers, and what has to follow the body. */
export interface Facts {
  readonly metadata: UserMetadata;
  readonly tail: Buffer;
}

/** @param check CRC-32 of the body without the tail */
export function factsOf(meta: BlobMeta, check: number): Facts {
  const text = Buffer.from(JSON.stringify(meta));
  const encoded = text.toString('base64url');
  if (encoded.length <= longestHeader) {
    return { metadata: { [metaName]: encoded, [checkName]: hex(check) }, tail: Buffer.alloc(0) };
  }
  const metadata = { [tailName]: String(text.byteLength), [checkName]: hex(crc32(text, check)) };
  return { metadata, tail: text };
}

/**
 * The metadata of the same body with another meta; null when one of the two stands behind the body, so that this would
 * have to be written anew.
 */
export function withOtherMeta(current: UserMetadata, meta: BlobMeta): UserMetadata | null {
  if (current[tailName] !== undefined) return null;
  const { metadata, tail } = factsOf(meta, 0);
  if (tail.byteLength > 0) return null;
  return { ...current, [metaName]: metadata[metaName]! };
}

/** Meta and body of an object; null when it is not whole; undefined when it was not written by us. */
export function readObject(
  bytes: Buffer,
  metadata: UserMetadata,
): { readonly meta: BlobMeta; readonly body: Buffer } | null | undefined {
  const { [metaName]: header, [tailName]: tail, [checkName]: check } = metadata;
  if (header === undefined && tail === undefined) return undefined;
  if (check !== undefined && check !== hex(crc32(bytes))) return null;
  const end = bytes.byteLength - Number(tail ?? 0);
  const meta = parseBlobMeta(header === undefined ? bytes.subarray(end) : Buffer.from(header, 'base64url'));
  return meta === null ? null : { meta, body: bytes.subarray(0, end) };
}

const hex = (check: number): string => check.toString(16).padStart(8, '0');
