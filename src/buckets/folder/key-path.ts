import { isObjectKey } from '../object-key.ts';

/** Where below a folder an object lies. */
export interface KeyPaths {
  /** Relative path with `/`; null for a key that no object here can have. Different keys never share a path. */
  pathOf(key: string): string | null;
  /** The key of a relative path; null for a file that is no object. */
  keyOf(path: string): string | null;
  /** The deepest folder that holds every key with this beginning, as a relative path; empty: the folder itself. Null: no key. */
  folderOf(prefix: string): string | null;
}

/** First segment of what is ours: temporary files, and what is owed to others. No object lies there. */
export const ownFolder = '.pictor';

/** As file systems have it, bytes. */
const longestName = 255;

const bytesOf = (text: string): number => Buffer.byteLength(text);

/** No file name, or one that some systems read as a way elsewhere. */
const oddCharacter = /[\p{Cc}\\]/u;

const isPlainName = (name: string): boolean =>
  name !== '' && bytesOf(name) <= longestName && !oddCharacter.test(name);

/**
 * The key itself is the path. What is no harmless relative path is no key here: empty segments, `.` and `..`, control
 * characters, backslashes, names longer than 255 bytes. A file cannot also be a folder, so of `a` and `a/b` only one exists.
 */
export const plainPaths: KeyPaths = {
  pathOf: (key) => (isPlainPath(key) ? key : null),
  keyOf: (path) => (isPlainPath(path) ? path : null),
  folderOf(prefix) {
    const folder = prefix.slice(0, Math.max(0, prefix.lastIndexOf('/')));
    return folder === '' ? (prefix.startsWith('/') ? null : '') : plainPaths.pathOf(folder);
  },
};

function isPlainPath(text: string): boolean {
  const names = text.split('/');
  return isObjectKey(text) && names.every(isPlainName) && names[0]!.toLowerCase() !== ownFolder;
}

/**
 * Every key that S3 takes, unless it ends with a slash: `a` and `a/b` may both exist, `/a` and `a//b` are keys of their own.
 * For that a folder's name ends with its slash, and what no file may be called is escaped, both as in a URL: `a%2F/b`,
 * `50%25`, `%2Ehidden`.
 */
export const escapedPaths: KeyPaths = {
  pathOf(key) {
    if (!isObjectKey(key)) return null;
    const names = key.split('/');
    const last = escapeName(names.pop()!);
    const path = [...names.map((name) => `${escapeName(name)}%2F`), last].join('/');
    return path.split('/').every((name) => name !== '' && bytesOf(name) <= longestName) ? path : null;
  },
  keyOf(path) {
    const key = unescaped(path);
    return key !== null && escapedPaths.pathOf(key) === path ? key : null;
  },
  folderOf(prefix) {
    const names = prefix.split('/').slice(0, -1);
    if (!isObjectKey([...names, 'any'].join('/'))) return null;
    return names.map((name) => `${escapeName(name)}%2F`).join('/');
  },
};

const escapable = /^\.|[\p{Cc}\\%]/gu;

const escapeName = (name: string): string =>
  name.replace(escapable, (each) => (each === '.' ? '%2E' : encodeURIComponent(each)));

function unescaped(path: string): string | null {
  try {
    return path.split('/').map(decodeURIComponent).join('');
  } catch {
    return null;
  }
}
