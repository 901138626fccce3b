/**
 * URLs as Go's net/url reads and writes them: what is signed, what keys of caches are made of and what an origin is asked
 * for depends on that spelling. Scheme in lower case; user-info, host and port as they stand; a path keeps its escapes
 * where they are valid, otherwise it is decoded and escaped anew; a query is kept letter for letter. Fragments are dropped.
 */

/** The parts of a URL; `path` is escaped already. */
export interface GoUrl {
  /** Lower case; empty for a relative reference. */
  readonly scheme: string;
  /** What follows the scheme where that does not begin with a slash (`mailto:a@b`); else empty. */
  readonly opaque: string;
  /** `user@host:port`; null where there is none, which is not the same as an empty one. */
  readonly authority: string | null;
  readonly path: string;
  /** Without `?`; null where there is none. */
  readonly query: string | null;
}

/** What is wrong with a text that is no URL, in the words of Go's parser. */
export class GoUrlError extends Error {}

const refuse = (reason: string): never => {
  throw new GoUrlError(reason);
};

/** Reads a URL or a relative reference. @throws GoUrlError */
export function parseGoUrl(text: string): GoUrl {
  if (hasControl(text)) refuse('net/url: invalid control character in URL');
  const [whole] = splitAt(text, '#');
  const [scheme, afterScheme] = splitScheme(whole);
  const [beforeQuery, query] = splitAt(afterScheme, '?');
  if (!beforeQuery.startsWith('/')) {
    if (scheme !== '') return { scheme, opaque: beforeQuery, authority: null, path: '', query };
    if (splitAt(beforeQuery, '/')[0].includes(':')) refuse('first path segment in URL cannot contain colon');
  }
  const hasAuthority = beforeQuery.startsWith('//') && (scheme !== '' || !beforeQuery.startsWith('///'));
  if (!hasAuthority) return { scheme, opaque: '', authority: null, path: escapedPath(beforeQuery), query };
  const slash = beforeQuery.indexOf('/', 2);
  const end = slash === -1 ? beforeQuery.length : slash;
  const authority = checkedAuthority(beforeQuery.slice(2, end));
  return { scheme, opaque: '', authority, path: escapedPath(beforeQuery.slice(end)), query };
}

/** The text of a URL. */
export function formatGoUrl({ scheme, opaque, authority, path, query }: GoUrl): string {
  const start = scheme === '' ? '' : `${scheme}:`;
  const tail = query === null || query === '' ? '' : `?${query}`;
  if (opaque !== '') return start + opaque + tail;
  const host = authority === null || (authority === '' && path === '') ? '' : `//${authority}`;
  const slash = host !== '' && authority !== '' && path !== '' && !path.startsWith('/') ? '/' : '';
  return start + host + slash + path + tail;
}

/** A reference as seen from a base (RFC 3986 section 5.2); dot segments go, also those of an absolute one. */
export function resolveGoUrl(base: GoUrl, reference: GoUrl): GoUrl {
  if (reference.scheme !== '' || reference.authority !== null) {
    const scheme = reference.scheme === '' ? base.scheme : reference.scheme;
    return { ...reference, scheme, path: withoutDots(reference.path) };
  }
  const query = reference.path === '' && reference.query === null ? base.query : reference.query;
  return { ...base, path: withoutDots(joinedPath(base.path, reference.path)), query };
}

function joinedPath(base: string, reference: string): string {
  if (reference === '') return base;
  return reference.startsWith('/') ? reference : base.slice(0, base.lastIndexOf('/') + 1) + reference;
}

/** Takes `.` and `..` out of a path the way Go does: empty segments stay, an empty path stays empty. */
function withoutDots(path: string): string {
  if (path === '') return '';
  const kept: string[] = [];
  const segments = (path.startsWith('/') ? path.slice(1) : path).split('/');
  for (const segment of segments) {
    if (segment === '..') kept.pop();
    else if (segment !== '.') kept.push(segment);
  }
  const last = segments.at(-1);
  const ending = (last === '.' || last === '..') && kept.length > 0 ? '/' : '';
  return `/${kept.join('/')}${ending}`;
}

function splitAt(text: string, sign: string): [before: string, after: string | null] {
  const at = text.indexOf(sign);
  return at === -1 ? [text, null] : [text.slice(0, at), text.slice(at + 1)];
}

function splitScheme(text: string): [scheme: string, rest: string] {
  if (text.startsWith(':')) refuse('missing protocol scheme');
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]*):/.exec(text)?.[1];
  return scheme === undefined ? ['', text] : [scheme.toLowerCase(), text.slice(scheme.length + 1)];
}

/** `%` and what may stand in user-info (RFC 3986 section 3.2.1). */
const userInfoLetters = /^[A-Za-z0-9\-._:~!$&'()*+,;=%@]*$/;

/** Letters that may stand in a host besides escapes and non-ASCII, in Go's eyes. */
const hostLetters = /^[A-Za-z0-9\-._~!$&'()*+,;=:[\]<>"]$/;

function checkedAuthority(authority: string): string {
  const at = authority.lastIndexOf('@');
  const user = authority.slice(0, Math.max(at, 0));
  if (!userInfoLetters.test(user)) refuse('net/url: invalid userinfo');
  checkEscapes(user);
  const host = authority.slice(at + 1);
  checkPort(host);
  checkHost(host);
  return authority.slice(0, at + 1) + escapedNonAscii(host);
}

function checkPort(host: string): void {
  const closing = host.startsWith('[') ? host.lastIndexOf(']') : -1;
  if (host.startsWith('[') && closing < 0) refuse("missing ']' in host");
  const colon = host.lastIndexOf(':');
  const port = host.startsWith('[') ? host.slice(closing + 1) : colon === -1 ? '' : host.slice(colon);
  if (!/^(:\d*)?$/.test(port)) refuse(`invalid port ${JSON.stringify(port)} after host`);
}

/** In hosts only bytes from 128 on may be escaped, but for the zone of an IPv6 address (RFC 6874). */
function checkHost(host: string): void {
  const plain = host.startsWith('[') ? host.replace(/%25[^\]]*/, '') : host;
  for (let at = 0; at < plain.length; at += 1) {
    const letter = plain.charAt(at);
    if (letter === '%') {
      const triplet = plain.slice(at, at + 3);
      if (!/^%[89A-Fa-f][0-9A-Fa-f]$/.test(triplet)) refuse(`invalid URL escape ${JSON.stringify(triplet)}`);
      at += 2;
    } else if (plain.charCodeAt(at) < 128 && !hostLetters.test(letter)) {
      refuse(`invalid character ${JSON.stringify(letter)} in host name`);
    }
  }
}

/** Signs that Go leaves in a path whose escapes are taken as they stand. */
const validPath = /^(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/[\]]|%[0-9A-Fa-f]{2})*$/;

/** A path with every sign escaped that needs it. One that is valid stays as it is. @throws GoUrlError for broken escapes */
export function escapedPath(path: string): string {
  if (validPath.test(path)) return path;
  checkEscapes(path);
  let text = '';
  for (const byte of bytesOf(path)) {
    const letter = String.fromCharCode(byte);
    text += /[A-Za-z0-9\-._~$&+,/:;=@]/.test(letter) ? letter : escapeOf(byte);
  }
  return text;
}

function checkEscapes(text: string): void {
  const broken = /%(?![0-9A-Fa-f]{2}).{0,2}/su.exec(text);
  if (broken !== null) refuse(`invalid URL escape ${JSON.stringify(broken[0])}`);
}

const escapeOf = (byte: number): string => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;

const utf8 = new TextEncoder();

const escapedNonAscii = (text: string): string =>
  text.replace(/[^\0-\x7f]+/gu, (part) => [...utf8.encode(part)].map(escapeOf).join(''));

/** The bytes behind a text whose escapes are well formed. */
function* bytesOf(text: string): Generator<number> {
  const bytes = utf8.encode(text);
  for (let at = 0; at < bytes.length; at += 1) {
    if (bytes[at] !== 0x25) yield bytes[at]!;
    else {
      yield Number.parseInt(String.fromCharCode(bytes[at + 1]!, bytes[at + 2]!), 16);
      at += 2;
    }
  }
}

/** Go refuses control characters anywhere in a URL; so does every HTTP client worth its name. */
function hasControl(text: string): boolean {
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code < 0x20 || code === 0x7f) return true;
  }
  return false;
}
