import { nameOfKey } from '../named-path.ts';

/** Where in a bucket the blob of a key lies. Stored data of other servers keeps its own layout. */
export interface S3Layout {
  /** Path of the object; different keys never share one. */
  pathOf(key: string): string;
  /** The key of an object, or null when it is none of ours. */
  keyOf(path: string): string | null;
  /** A beginning that the paths of all keys with this beginning have. */
  commonPath(start: string): string;
}

/** Servers and proxies on the way take `.` and `..` out of a path; no key begins with this character. */
const dotsMark = '~';
const isDots = (text: string): boolean => /^\.+$/.test(text);

/** The key itself after the prefix: S3 spreads keys by itself, folders would gain nothing. */
export function flatLayout(prefix: string): S3Layout {
  return {
    pathOf: (key) => prefix + (isDots(key) ? dotsMark + key : key),
    keyOf(path) {
      if (!path.startsWith(prefix)) return null;
      const name = path.slice(prefix.length);
      return name.startsWith(dotsMark) ? name.slice(dotsMark.length) : name;
    },
    commonPath: (start) => (isDots(start) ? prefix : prefix + start),
  };
}

/** As imageproxy names its objects: 32 digits behind the prefix, which do not tell the key. */
export const namedLayout = (prefix: string): S3Layout => ({
  pathOf: (key) => prefix + nameOfKey(key),
  keyOf: () => null,
  commonPath: () => prefix,
});
