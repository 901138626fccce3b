import { formatHttpDate, parseHttpDate } from '../lib/http-date.ts';
import type { MountPolicy } from '../request/dialect.ts';

/** What the age of an answer depends on, besides the mount. */
export interface AgeFacts {
  /** Epoch milliseconds. */
  readonly now: number;
  /** Unix seconds after which the URL is dead. */
  readonly expiresAt?: number | undefined;
  readonly sourceCacheControl?: string | undefined;
  readonly sourceExpires?: string | undefined;
  /** False: the source says `private` or `no-store`. */
  readonly shareable: boolean;
}

/** Values for the headers of an answer. */
export interface CacheHeaders {
  readonly cacheControl: string;
  readonly expires?: string;
}

const maxAge = (seconds: number): string => `max-age=${seconds}, public`;

/** A header value that came from elsewhere may only hold visible ASCII, blanks and tabs (RFC 9110 section 5.5). */
const isPlain = (text: string): boolean => /^[\t\x20-\x7e]+$/.test(text);

/**
 * Builds the rule of a mount for Cache-Control. First match wins:
 * 1. the source forbids shared caches and the mount obeys: `private, no-store`;
 * 2. the URL expires: the mount's age, but not beyond the expiry;
 * 3. `passthrough`: the source's Cache-Control as it stands, else its Expires when that lies ahead;
 * 4. the mount's age;
 * 5. `no-cache`.
 */
export function createCacheControl(age: MountPolicy['age']): (facts: AgeFacts) => CacheHeaders {
  const byDefault = headersFor(Math.floor(age.ttlSeconds));

  function headersFor(seconds: number): CacheHeaders & { readonly seconds: number } {
    return seconds > 0
      ? { seconds, cacheControl: maxAge(seconds) }
      : { seconds: 0, cacheControl: 'no-cache' };
  }

  function choose(facts: AgeFacts): CacheHeaders & { readonly seconds?: number } {
    if (!facts.shareable && age.obeyPrivate) return { cacheControl: 'private, no-store' };
    if (facts.expiresAt !== undefined) {
      const left = Math.max(0, facts.expiresAt - Math.floor(facts.now / 1000));
      return headersFor(Math.min(byDefault.seconds, left));
    }
    return (age.passthrough ? fromSource(facts) : null) ?? byDefault;
  }

  return (facts) => {
    const { cacheControl, seconds } = choose(facts);
    if (!age.expires || seconds === undefined) return { cacheControl };
    return { cacheControl, expires: formatHttpDate(facts.now + seconds * 1000) };
  };
}

function fromSource(facts: AgeFacts): (CacheHeaders & { readonly seconds?: number }) | null {
  const { sourceCacheControl, sourceExpires } = facts;
  if (sourceCacheControl !== undefined && isPlain(sourceCacheControl))
    return { cacheControl: sourceCacheControl };
  const until = sourceExpires === undefined ? null : parseHttpDate(sourceExpires, facts.now);
  const seconds = until === null ? 0 : Math.floor((until - facts.now) / 1000);
  return seconds > 0 ? { seconds, cacheControl: maxAge(seconds) } : null;
}
