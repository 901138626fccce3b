import { PictorError } from '../../core/errors.ts';
import { decodePercent } from '../../lib/url-text.ts';
import type { RequestTarget } from '../../request/dialect.ts';

/** Whom a request is for. Names are decoded. */
export type Route =
  | { readonly to: 'upload'; readonly bucket: string }
  | { readonly to: 'warm-up' | 'image'; readonly bucket: string; readonly image: string }
  | { readonly to: 'ping' | 'nowhere' }
  /** `path` is escaped, below the prefix. */
  | { readonly to: 'elsewhere'; readonly path: string };

/**
 * Finds the route of a path, the first that matches: `/upload/{bucket}`, `/{bucket}/{image}/warmup`, `/{bucket}/{image}`,
 * `/ping`. Paths are decoded first, so that `%2F` is a slash like any other, and those with empty or dot segments lead to
 * their clean form. A slash at the end counts.
 * @throws PictorError URL_INVALID for broken escapes
 */
export function routeOf({ path }: Pick<RequestTarget, 'path'>): Route {
  const decoded = decodePercent(path);
  if (decoded === null) throw new PictorError('URL_INVALID', { detail: 'broken percent-escape in the path' });
  const clean = cleanPath(decoded);
  if (clean !== decoded) return { to: 'elsewhere', path: escapePath(clean) };
  const [first, second, third, ...more] = clean.slice(1).split('/');
  if (more.length > 0 || first === undefined || first === '') return { to: 'nowhere' };
  if (second === undefined) return { to: first === 'ping' ? 'ping' : 'nowhere' };
  if (second === '') return { to: 'nowhere' };
  if (third !== undefined) {
    return third === 'warmup' ? { to: 'warm-up', bucket: first, image: second } : { to: 'nowhere' };
  }
  return first === 'upload'
    ? { to: 'upload', bucket: second }
    : { to: 'image', bucket: first, image: second };
}

/** Without empty, `.` and `..` segments; begins with a slash, and keeps the one at its end (Go's `path.Clean` as routers use it). */
function cleanPath(path: string): string {
  const kept: string[] = [];
  for (const segment of path.split('/')) {
    if (segment === '..') kept.pop();
    else if (segment !== '' && segment !== '.') kept.push(segment);
  }
  const ending = path.endsWith('/') && kept.length > 0 ? '/' : '';
  return `/${kept.join('/')}${ending}`;
}

/** A path with every sign escaped that may not stand in one. */
export const escapePath = (path: string): string =>
  path
    .split('/')
    .map((segment) =>
      encodeURIComponent(segment.toWellFormed()).replace(/%(?:24|26|2B|2C|3A|3B|3D|40)/g, decodeURIComponent),
    )
    .join('/');

/** What stands before the path of a target: that of its mount. */
export function prefixOf({ raw, path }: RequestTarget): string {
  const origin = raw.replace(/^https?:\/\/[^/?#]*/i, '');
  const [whole = ''] = origin.split('?', 1);
  return whole.slice(0, Math.max(0, whole.length - path.length));
}
