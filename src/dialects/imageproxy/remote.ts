import { PictorError } from '../../core/errors.ts';
import { decodeBase64Url } from '../../lib/base64url.ts';
import { decodePercent, urlTextFromBytes } from '../../lib/url-text.ts';
import type { RequestTarget } from '../../request/dialect.ts';
import { escapedPath, formatGoUrl, type GoUrl, GoUrlError, parseGoUrl, resolveGoUrl } from './go-url.ts';

/** A request target taken apart: what to do, and the URL of the picture to do it to. */
export interface SplitTarget {
  /** The options segment as it stands, escapes and all; empty where there is none. */
  readonly options: string;
  /** The text that is signed: absolute, without fragment. */
  readonly remote: string;
}

/**
 * Takes `/{options}/{remote}`, `/{remote}` or `//{remote}` apart. The remote URL is plain, percent-encoded as a whole, or
 * URL-safe base64 without padding; slashes behind its scheme may have been lost or doubled on the way.
 * @param base what relative ones are seen from; null: they are refused
 * @throws PictorError URL_INVALID with a reason for the client
 */
export function splitTarget(target: RequestTarget, base: GoUrl | null): SplitTarget {
  const path = readablePath(target).slice(1);
  const whole = tryRemote(path, base);
  if (whole !== null && whole.url.scheme !== '') {
    return { options: '', remote: finished(whole, target, base) };
  }
  const slash = path.indexOf('/');
  if (slash === -1) throw malformed(target, 'too few path segments');
  const remote = readRemote(path.slice(slash + 1), target, base);
  return { options: path.slice(0, slash), remote: finished(remote, target, base) };
}

interface Remote {
  readonly url: GoUrl;
  /** True: it was encoded as a whole, so the query of the request is none of its business. */
  readonly encoded: boolean;
}

function readablePath(target: RequestTarget): string {
  try {
    return escapedPath(target.path);
  } catch (thrown) {
    throw malformedBy(target, thrown, '');
  }
}

/** Null where it is no URL at all. */
function tryRemote(text: string, base: GoUrl | null): Remote | null {
  try {
    return parseRemote(text, base);
  } catch (thrown) {
    if (thrown instanceof GoUrlError) return null;
    throw thrown;
  }
}

function readRemote(text: string, target: RequestTarget, base: GoUrl | null): Remote {
  try {
    return parseRemote(text, base);
  } catch (thrown) {
    throw malformedBy(target, thrown, `unable to parse remote URL: parse ${JSON.stringify(text)}: `);
  }
}

/** @throws GoUrlError */
function parseRemote(text: string, base: GoUrl | null): Remote {
  const decoded = fromBase64(text, base !== null) ?? fromPercent(text);
  const repaired = (decoded ?? text).replace(/^(https?):\/+(?=[^/])/, '$1://');
  return { url: parseGoUrl(repaired), encoded: decoded !== null };
}

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Plain words can be base64 by chance: only what looks like a URL, or with a base URL like text, is taken for it. */
function fromBase64(text: string, hasBase: boolean): string | null {
  const bytes = decodeBase64Url(text);
  if (bytes === null) return null;
  if (/^https?:\/\//.test(String.fromCharCode(...bytes.subarray(0, 8)))) return urlTextFromBytes(bytes);
  if (!hasBase) return null;
  try {
    const decoded = strictUtf8.decode(bytes);
    return decoded.includes('\ufffd') ? null : decoded;
  } catch {
    return null;
  }
}

const fromPercent = (text: string): string | null =>
  /^https?%3A%2F/i.test(text) ? decodePercent(text) : null;

/** @throws PictorError URL_INVALID */
function finished({ url, encoded }: Remote, target: RequestTarget, base: GoUrl | null): string {
  const absolute = base === null ? url : resolveGoUrl(base, url);
  if (absolute.scheme === '') throw malformed(target, 'must provide absolute remote URL');
  if (absolute.scheme !== 'http' && absolute.scheme !== 'https') {
    throw malformed(target, 'remote URL must have http or https scheme');
  }
  return formatGoUrl(encoded ? absolute : { ...absolute, query: target.query });
}

const malformed = ({ path, query }: RequestTarget, message: string): PictorError => {
  const text = query === '' ? path : `${path}?${query}`;
  return new PictorError('URL_INVALID', {
    detail: message,
    reason: `malformed URL ${JSON.stringify(text)}: ${message}`,
  });
};

function malformedBy(target: RequestTarget, thrown: unknown, before: string): unknown {
  return thrown instanceof GoUrlError ? malformed(target, before + thrown.message) : thrown;
}
