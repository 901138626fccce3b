import { decodePercent } from '../../lib/url-text.ts';
import { cleanPath, type OriginalName } from './keys.ts';

/** Where a method and a path lead. */
export type Route =
  | { readonly to: 'upload'; readonly namespace: string }
  | { readonly to: 'process'; readonly name: OriginalName }
  | { readonly to: 'show'; readonly name: OriginalName; readonly file: string }
  | { readonly to: 'keep'; readonly name: OriginalName; readonly file: string }
  | { readonly to: 'status' }
  /** A namespace that would lie where our own temporary files once did. */
  | { readonly to: 'reserved' }
  /** `path` is clean, and not escaped. */
  | { readonly to: 'moved'; readonly path: string }
  | { readonly to: 'wrong-method'; readonly allow: string }
  | { readonly to: 'nowhere' };

const namespacePath = /^\/([a-z0-9_-]+)$/;
const filePath = /^\/([a-z0-9_-]+)\/([a-f0-9]{3})\/([a-f0-9]{3})\/([a-f0-9]{3})\/([a-f0-9]{23})\/([^/]+)$/s;

export const isRead = (method: string): boolean => method === 'GET' || method === 'HEAD';

/** The path with its escapes resolved; null where one is broken. */
export const readPath = (path: string): string | null => decodePercent(path === '' ? '/' : path);

/** @param path without escapes; case and slashes count */
export function findRoute(method: string, path: string): Route {
  const clean = cleanedPath(path);
  if (clean !== path) return { to: 'moved', path: clean };
  const [, namespace] = namespacePath.exec(path) ?? [];
  if (namespace !== undefined) return ofNamespace(method, namespace);
  const [, owner, a, b, c, rest, file] = filePath.exec(path) ?? [];
  if (owner === undefined || file === undefined) return { to: 'nowhere' };
  return ofFile(method, { namespace: owner, hash: [a, b, c, rest].join('') }, file);
}

/** A slash at the end stays: it tells one path from another. */
function cleanedPath(path: string): string {
  const clean = cleanPath(path);
  return path.endsWith('/') && clean !== '/' ? `${clean}/` : clean;
}

function ofNamespace(method: string, namespace: string): Route {
  if (method === 'POST') return isReserved(namespace) ? { to: 'reserved' } : { to: 'upload', namespace };
  return namespace === 'status_check' ? { to: 'status' } : { to: 'wrong-method', allow: 'POST' };
}

function ofFile(method: string, name: OriginalName, file: string): Route {
  const reserved = isReserved(name.namespace);
  if (isRead(method)) return reserved ? { to: 'nowhere' } : { to: 'show', name, file };
  if (method !== 'POST') return { to: 'wrong-method', allow: 'GET, HEAD, POST' };
  if (reserved) return { to: 'reserved' };
  return file === 'process' ? { to: 'process', name } : { to: 'keep', name, file };
}

/** Temporary files lay there. */
const isReserved = (namespace: string): boolean => namespace === 'tmp';

const utf8 = new TextEncoder();

/** A path with the escapes that Go gives it (`url.EscapedPath`). */
export const escapedPath = (path: string): string =>
  path.replace(/[^A-Za-z0-9\-._~$&+,/:;=@]/gu, (sign) =>
    [...utf8.encode(sign)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join(''),
  );
