import { decodePercent } from '../../lib/url-text.ts';
import type { RequestTarget } from '../../request/dialect.ts';

/** What a path asks for. */
export type PathReading =
  | { readonly file: string }
  /** The same thing at another path, escaped: the client is sent there. */
  | { readonly moved: string }
  | null;

/** Reads the path below a mount: one segment, which is the name of a file. Null: there is nothing of the kind. */
export function readPath(target: RequestTarget): PathReading {
  const path = decodePercent(target.path);
  if (path === null || path.includes('\0')) return null;
  const segments = path.slice(1).split('/');
  const [file = '', second, ...more] = segments;
  if (file === '' || more.length > 0 || !path.startsWith('/')) return repaired(target, path);
  if (second === undefined) return { file };
  return second === '' ? { moved: `${prefixOf(target)}/${escapedSegment(file)}` } : repaired(target, path);
}

/** Doubled slashes, and dots between them, lead to the plain path where that is one. */
function repaired(target: RequestTarget, path: string): PathReading {
  const prefix = prefixOf(target);
  // Dots may lead out of the mount and back into it.
  const own = cleaned(prefix) ?? [];
  const segments = cleaned(`${prefix}${path}`) ?? [];
  const [file, ...more] = segments.slice(own.length);
  const isBelow = own.every((each, at) => each === segments[at]);
  if (!isBelow || file === undefined || more.length > 0) return null;
  return { moved: `${prefix}/${escapedSegment(file)}` };
}

/** Segments of a path without empty ones and dots (Go's `path.Clean`); null for one that leads out of where it begins. */
function cleaned(path: string): readonly string[] | null {
  const kept: string[] = [];
  for (const segment of path.split('/')) {
    if (segment === '..' && kept.pop() === undefined) return null;
    if (segment !== '' && segment !== '.' && segment !== '..') kept.push(segment);
  }
  return kept;
}

/** The mount's prefix as the client wrote it: what stands before the path, without scheme and host. */
export function prefixOf({ raw, path }: RequestTarget): string {
  const [whole = ''] = raw.split('?', 1);
  const origin = /^https?:\/\/[^/?#]*/i.exec(whole)?.[0] ?? '';
  const local = whole.slice(origin.length);
  return local.endsWith(path) ? local.slice(0, local.length - path.length) : '';
}

/** A segment with everything escaped that may not stand in one (RFC 3986 section 3.3). */
export const escapedSegment = (segment: string): string =>
  encodeURIComponent(segment.toWellFormed()).replaceAll(/%(?:24|26|2B|2C|3A|3B|3D|40)/g, decodeURIComponent);

/**
 * Where a path leads that no mount answers: below one of these prefixes, which differs in capitals, slashes, dots or
 * escapes only. Null: nowhere.
 * @param prefixes as mounts have them, without slashes around them
 */
export function misspeltBelow(rawPath: string, prefixes: readonly string[]): string | null {
  const path = decodePercent(rawPath);
  if (path === null) return null;
  const segments = cleaned(path) ?? [];
  const found = prefixes.find((prefix) => {
    const own = prefix.split('/');
    return own.length === segments.length - 1 && own.every((each, at) => alike(each, segments[at]!));
  });
  return found === undefined ? null : `/${escapedPath(found)}/${escapedSegment(segments.at(-1)!)}`;
}

const alike = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();

/** A prefix as a mount has it. */
export const escapedPath = (prefix: string): string => prefix.split('/').map(escapedSegment).join('/');
