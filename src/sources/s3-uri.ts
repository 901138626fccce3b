/** Where an object is: `s3://bucket/key`, and after the separator the version. */
export interface S3Address {
  readonly bucket: string;
  readonly key: string;
  readonly version: string | null;
}

/** Names of buckets, those from before 2018 and aliases of access points included; no ARN, nothing that could be a host and port. */
const bucketPattern = /^[A-Za-z0-9][A-Za-z0-9._-]{1,254}$/;

/** S3 counts bytes. https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html */
const longestKey = 1024;

/**
 * Reads `s3://bucket/key[?version]`. The key is literal text: `%`, `#` and all others stand for themselves; only the first
 * `separator` ends it (none, when that is empty). `null`: this is no such URI.
 */
export function parseS3Uri(uri: string, separator: string): S3Address | null {
  const match = /^s3:\/\/([^/]*)\/(.+)$/is.exec(uri);
  if (match === null || !bucketPattern.test(match[1]!)) return null;
  const path = match[2]!;
  const end = separator === '' ? -1 : path.indexOf(separator);
  const key = end === -1 ? path : path.slice(0, end);
  if (key === '') return null;
  const version = end === -1 ? '' : path.slice(end + separator.length);
  return { bucket: match[1]!, key, version: version === '' ? null : version };
}

/**
 * False for keys that cannot be asked for, though the text is fine. `.` and `..` as a part of a path are taken out by
 * proxies and servers on the way, which would lead out of the bucket.
 */
export function isUsableKey(key: string): boolean {
  return (
    key.isWellFormed() &&
    Buffer.byteLength(key) <= longestKey &&
    !key.split('/').some((part) => part === '.' || part === '..')
  );
}
