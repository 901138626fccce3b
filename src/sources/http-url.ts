/**
 * Reads a source URL without rewriting it. The host is read as browsers read it (WHATWG: `0x7f.1` and `127.1` are
 * 127.0.0.1), because that is what gets connected to and checked. Path and query stay byte for byte (`//`, `%2F`,
 * `a/../b`, odd escapes): what the origin signed or stored under is what it is asked for. Only what cannot stand in a
 * request line (spaces, control characters, non-ASCII, `"<>` and, in the path, `` \^`{|} ``) is percent-encoded as UTF-8.
 */
import { decodePercent } from '../lib/url-text.ts';

export interface HttpTarget {
  readonly protocol: 'http:' | 'https:';
  /** Normalised; IPv6 in brackets. */
  readonly hostname: string;
  readonly port: number;
  /** Scheme, host and port (left out when it is the scheme's own), no slash at the end. */
  readonly origin: string;
  /** Path and query for the request line; starts with a slash. */
  readonly path: string;
  /** From user-info; null without. */
  readonly authorization: string | null;
}

/** Null when the text is no http or https URL that could be requested. */
export function parseHttpUrl(text: string): HttpTarget | null {
  const match = /^(https?):\/\/([^/?#\\]*)([^#]*)/i.exec(text);
  if (match === null) return null;
  const [, scheme, authority, rest] = match;
  // WHATWG parsing drops tabs and newlines and reads a backslash as a slash: neither may move the end of the host.
  if (/[\s\p{Cc}]/u.test(authority!) || rest!.startsWith('\\')) return null;
  const base = `${scheme!.toLowerCase()}://${authority}/`;
  if (!URL.canParse(base)) return null;
  const url = new URL(base);
  const authorization = basicAuthorization(url);
  if (url.hostname === '' || authorization === undefined) return null;
  return {
    protocol: url.protocol as HttpTarget['protocol'],
    hostname: url.hostname,
    port: url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port),
    origin: url.origin,
    path: requestPath(rest!),
    authorization,
  };
}

/**
 * Where a redirect leads (RFC 9110 section 10.2.2), as text for `parseHttpUrl`; null when Location cannot be used.
 * @param location the header's value, each character one byte
 */
export function resolveLocation(location: string, from: HttpTarget): string | null {
  const text = location
    .trim()
    .replace(/[^\0-\x7f]/g, (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase()}`);
  if (text === '') return null;
  if (/^[a-z][a-z0-9+.-]*:/i.test(text)) return /^https?:\/\//i.test(text) ? text : null;
  if (text.startsWith('//')) return from.protocol + text;
  if (text.startsWith('/')) return from.origin + text;
  return URL.canParse(text, from.origin + from.path) ? new URL(text, from.origin + from.path).href : null;
}

function requestPath(rest: string): string {
  const [path, query] = splitOnce(rest.toWellFormed(), '?');
  const encodedPath = path.replace(/[^\x21-\x7e]+|["<>\\^`{|}]/gu, encodeURIComponent);
  const encodedQuery = query === null ? '' : `?${query.replace(/[^\x21-\x7e]+|["<>]/gu, encodeURIComponent)}`;
  return (encodedPath === '' ? '/' : encodedPath) + encodedQuery;
}

function splitOnce(text: string, separator: string): [string, string | null] {
  const at = text.indexOf(separator);
  return at === -1 ? [text, null] : [text.slice(0, at), text.slice(at + 1)];
}

/** `undefined` when the escapes in the user-info are broken. RFC 7617. */
function basicAuthorization(url: URL): string | null | undefined {
  if (url.username === '' && url.password === '') return null;
  const user = decodePercent(url.username);
  const password = decodePercent(url.password);
  if (user === null || password === null) return undefined;
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
}
