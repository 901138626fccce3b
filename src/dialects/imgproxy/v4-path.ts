import { PictorError } from '../../core/errors.ts';

export interface SignedPath {
  readonly signature: string;
  /** What follows the signature, prepared: this is what was signed, with a `/` before it. */
  readonly path: string;
}

/**
 * Splits the raw path of a URL behind the signature and repairs what proxies on the way may have done to the rest.
 * @throws PictorError URL_INVALID when signature or rest are missing
 */
export function splitSignature(target: string): SignedPath {
  const start = target.startsWith('/') ? 1 : 0;
  const end = target.indexOf('/', start);
  if (end <= start || end === target.length - 1) {
    throw new PictorError('URL_INVALID', { detail: 'no signature, or nothing behind it' });
  }
  return { signature: target.slice(start, end), path: preparePath(target.slice(end + 1)) };
}

/**
 * Proxies and browsers write `:` in options as `%3A` and collapse `//` in plain sources. Both are undone before the
 * signature is checked, so that it still fits.
 */
export function preparePath(path: string): string {
  const plain = path.startsWith('plain/') ? 0 : path.indexOf('/plain/');
  if (plain < 0) return withoutSlash(path.replaceAll('%3A', ':'));
  const options = path.slice(0, plain).replaceAll('%3A', ':');
  const source = path.slice(plain).replace(/^\/?plain\//, '');
  const prefix = plain === 0 && !path.startsWith('/') ? 'plain/' : '/plain/';
  return withoutSlash(options + prefix + restoreSlashes(source));
}

/** `http:/x` becomes `http://x`; a local path has no host, so `local:/x` becomes `local:///x`. */
function restoreSlashes(source: string): string {
  return source.replace(/^([A-Za-z][A-Za-z0-9+.-]*):\/(?=[^/])/, (_, scheme: string) =>
    scheme === 'local' ? 'local:///' : `${scheme}://`,
  );
}

const withoutSlash = (path: string): string => (path.startsWith('/') ? path.slice(1) : path);
