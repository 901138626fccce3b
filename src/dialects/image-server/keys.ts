/** Where an original lies: its namespace, and the MD5 of its bytes as 32 hexadecimal digits. */
export interface OriginalName {
  readonly namespace: string;
  readonly hash: string;
}

/** `products/6e0/072/682/e66287b662827da75b244a3`: the folder of all that belongs to one original. */
export function folderOf({ namespace, hash }: OriginalName): string {
  return [namespace, hash.slice(0, 3), hash.slice(3, 6), hash.slice(6, 9), hash.slice(9)].join('/');
}

/** Key of one file of an original, below the path of the bucket that is the mount's. */
export const keyOf = (name: OriginalName, file: string): string => `${folderOf(name)}/${file}`;

const folderPattern = /^([a-z0-9_-]+)\/([a-f0-9]{3})\/([a-f0-9]{3})\/([a-f0-9]{3})\/([a-f0-9]{23})\/[^/]+$/s;

/** Whose file a key is; null where it belongs to no original. */
export function originalOfKey(key: string): OriginalName | null {
  const [, namespace, ...hash] = folderPattern.exec(key) ?? [];
  return namespace === undefined ? null : { namespace, hash: hash.join('') };
}

/** A path without `//`, `/./` and `/../`, as Go's `path.Clean` has it; empty text is `.`. */
export function cleanPath(path: string): string {
  const rooted = path.startsWith('/');
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..') parts.push(part);
    else if (parts.length > 0 && parts.at(-1) !== '..') parts.pop();
    else if (!rooted) parts.push('..');
  }
  const clean = (rooted ? '/' : '') + parts.join('/');
  return clean === '' ? '.' : clean;
}

/** Go's `path.Join`: empty parts are left out, the rest is one clean path. */
function joinPaths(...paths: readonly string[]): string {
  const given = paths.filter((path) => path !== '');
  return given.length === 0 ? '' : cleanPath(given.join('/'));
}

/** What stands before every key: `images/` for `images`, `./images//`; nothing for an empty path. A first slash stays. */
export function keyPrefix(remotePath: string): string {
  const clean = joinPaths(remotePath);
  if (clean === '' || clean === '.') return '';
  return clean.endsWith('/') ? clean : `${clean}/`;
}

/** Public URL of a key; where no base is set, a relative one. */
export function publicUrl(
  { baseUrl, path }: { readonly baseUrl: string; readonly path: string },
  key: string,
): string {
  const whole = keyPrefix(path) + key;
  if (!URL.canParse(baseUrl)) return joinPaths(baseUrl, whole);
  const url = new URL(baseUrl);
  return url.origin + joinPaths(url.pathname, whole);
}
