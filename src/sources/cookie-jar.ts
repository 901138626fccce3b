import { getSetCookies, Headers } from 'undici';
import type { ClientCookies } from '../core/ports.ts';
import type { HttpTarget } from './http-url.ts';

/** The cookies of one download: those of the client it is for, and those its answers set on the way. */
export interface CookieJar {
  /** Value of the Cookie header for a request; null: none. */
  headerFor(target: HttpTarget): string | null;
  /** Takes the Set-Cookie headers of an answer. */
  take(target: HttpTarget, setCookie: string | string[] | undefined): void;
}

interface Cookie {
  readonly name: string;
  readonly value: string;
  readonly hostname: string;
  readonly path: string;
  readonly secure: boolean;
}

/** RFC 6265bis section 5.6 takes no longer ones; the count is of ours. */
const longestCookie = 4096;
const mostCookies = 50;

/**
 * A jar for the length of one download (RFC 6265): an origin that sets a cookie and redirects expects it back. Every
 * cookie goes back to the very host that set it and nowhere else: the Domain attribute could widen that, but without a
 * list of public suffixes it could widen it to somebody else's site. Expired ones are forgotten, Path and Secure hold.
 */
export function createCookieJar(client: ClientCookies | undefined): CookieJar {
  let cookies: Cookie[] = [];

  return {
    headerFor(target) {
      const set = cookies.filter((cookie) => goesTo(cookie, target));
      const names = new Set(set.map(({ name }) => name));
      const mayGo = client?.goTo(target.origin + target.path) === true;
      const given = mayGo ? pairsOf(client.header).filter(([name]) => !names.has(name)) : [];
      const pairs = [...given.map(([, pair]) => pair), ...set.map(({ name, value }) => `${name}=${value}`)];
      return pairs.length === 0 ? null : pairs.join('; ');
    },
    take(target, setCookie) {
      if (setCookie === undefined) return;
      const headers = new Headers();
      for (const text of [setCookie].flat())
        if (text.length <= longestCookie) headers.append('set-cookie', text);
      for (const { name, value, path, secure, maxAge, expires } of getSetCookies(headers)) {
        const cookie: Cookie = {
          name,
          value,
          hostname: target.hostname,
          path: path?.startsWith('/') === true ? path : defaultPath(target.path),
          secure: secure === true,
        };
        cookies = cookies.filter((other) => !isSame(other, cookie));
        const expired = maxAge === undefined ? expires !== undefined && +expires <= Date.now() : maxAge <= 0;
        if (!expired && !(cookie.secure && target.protocol === 'http:')) cookies.push(cookie);
      }
      cookies = cookies.slice(-mostCookies);
    },
  };
}

const isSame = (a: Cookie, b: Cookie): boolean =>
  a.name === b.name && a.hostname === b.hostname && a.path === b.path;

const goesTo = ({ hostname, path, secure }: Cookie, target: HttpTarget): boolean =>
  hostname === target.hostname &&
  (!secure || target.protocol === 'https:') &&
  isBelow(withoutQuery(target.path), path);

/** RFC 6265 section 5.1.4. */
const isBelow = (path: string, scope: string): boolean =>
  path === scope || (path.startsWith(scope) && (scope.endsWith('/') || path[scope.length] === '/'));

const withoutQuery = (path: string): string => path.split('?', 1)[0]!;

function defaultPath(path: string): string {
  const plain = withoutQuery(path);
  return plain.slice(0, Math.max(1, plain.lastIndexOf('/')));
}

/** Names, with the pairs as they were written. */
const pairsOf = (header: string): [name: string, pair: string][] =>
  header
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair !== '')
    .map((pair) => [pair.split('=', 1)[0]!.trim(), pair]);
