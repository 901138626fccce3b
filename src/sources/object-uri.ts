/** Where an object of a store is: `scheme://bucket/key`, and after the separator the version. */
export interface ObjectAddress {
  /** Container, where the service calls it so. */
  readonly bucket: string;
  readonly key: string;
  readonly version: string | null;
}

/**
 * Reads `scheme://bucket/key[?version]`. The text is literal: `%`, `#` and all others stand for themselves; only the first
 * `separator` ends the key (none, when that is empty). Null: this is no such URI.
 */
export function parseObjectUri(uri: string, separator: string): ObjectAddress | null {
  const match = /^[a-z][a-z0-9+.-]*:\/\/([^/]+)\/(.+)$/is.exec(uri);
  if (match === null) return null;
  const [, bucket = '', path = ''] = match;
  const end = separator === '' ? -1 : path.indexOf(separator);
  const key = end === -1 ? path : path.slice(0, end);
  if (key === '' || !isPlain(bucket) || isDots(bucket)) return null;
  const version = end === -1 ? '' : path.slice(end + separator.length);
  return { bucket, key, version: version === '' ? null : version };
}

/**
 * False for keys that cannot be asked for, though the text is fine. `.` and `..` as a part of a path are taken out by
 * proxies and servers on the way, which would lead out of the bucket.
 */
export const isUsableKey = (key: string): boolean =>
  isPlain(key) && Buffer.byteLength(key) <= longestKey && !key.split('/').some(isDots);

/** Bytes: the limit of Google, Amazon, Azure (in characters) and Swift. */
const longestKey = 1024;

const isDots = (part: string): boolean => part === '.' || part === '..';

const isPlain = (text: string): boolean => text.isWellFormed() && !/[\0\r\n]/.test(text);
