import { createHash } from 'node:crypto';

const named = /^([0-9a-f]{32})\.[0-9a-f]{64}$/;

/**
 * The name that imageproxy's caches have for a key: 32 hex digits. Keys of its mounts begin with it (MD5 of the URL, and
 * of URL and options); others are digested the same way.
 */
export const nameOfKey = (key: string): string =>
  named.exec(key)?.[1] ?? createHash('md5').update(key).digest('hex');

/** Where the name lies below a folder: two levels of two digits. */
export const pathOfName = (name: string): string => `${name.slice(0, 2)}/${name.slice(2, 4)}/${name}`;
