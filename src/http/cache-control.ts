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
  /** Seconds, for what stands in for the picture; absent or 0: as any answer. */
  readonly atMostSeconds?: number | undefined;
  /** Seconds after which there is a better picture; absent: it is the best. */
  readonly standsInSeconds?: number | undefined;
  /** True: the answer is for one client, whose cookies made it. */
  readonly forOne?: boolean | undefined;
  /** Of the answer; absent: no error. */
  readonly status?: number | undefined;
}

/** Values for the headers of an answer. */
export interface CacheHeaders {
  /** Absent: nothing is said. */
  readonly cacheControl?: string;
  readonly expires?: string;
}

const maxAge = (seconds: number): string => `max-age=${seconds}, public`;

/** A header value that came from elsewhere may only hold visible ASCII, blanks and tabs (RFC 9110 section 5.5). */
const isPlain = (text: string): boolean => /^[\t\x20-\x7e]+$/.test(text);

/**
 * Builds the rule of a mount for Cache-Control. First match wins:
 * 1. the source forbids shared caches, or it was fetched with the client's cookies, and the mount obeys:
 *    `private, no-store`; what cookies made is never `public`;
 * 2. the picture stands in for the same one in a better format: its own age, but not beyond the mount's and the expiry;
 * 3. the picture stands in for another one: its own age, but not beyond the expiry of the URL;
 * 4. the URL expires: the mount's age, but not beyond the expiry;
 * 5. the status is an error: nothing is said;
 * 6. `passthrough`: the source's Cache-Control as it stands, else its Expires when that lies ahead;
 * 7. the mount's age;
 * 8. `no-cache`.
 */
export function createCacheControl(age: MountPolicy['age']): (facts: AgeFacts) => CacheHeaders {
  const byDefault = headersFor(Math.floor(age.ttlSeconds));

  function headersFor(seconds: number): CacheHeaders & { readonly seconds: number } {
    return seconds > 0
      ? { seconds, cacheControl: maxAge(seconds) }
      : { seconds: 0, cacheControl: 'no-cache' };
  }

  function choose(facts: AgeFacts): CacheHeaders & { readonly seconds?: number } {
    if ((!facts.shareable || facts.forOne === true) && age.obeyPrivate)
      return { cacheControl: 'private, no-store' };
    const left = facts.expiresAt === undefined ? null : facts.expiresAt - Math.floor(facts.now / 1000);
    if (left !== null && left <= 0) return headersFor(0);
    // How long the source lets it be kept has been counted in already: a mount without an age leaves it at that.
    const most = byDefault.seconds === 0 && age.passthrough ? Number.POSITIVE_INFINITY : byDefault.seconds;
    if (facts.standsInSeconds !== undefined)
      return headersFor(Math.min(facts.standsInSeconds, most, left ?? facts.standsInSeconds));
    const own = facts.atMostSeconds || (left === null ? 0 : byDefault.seconds);
    const seconds = Math.min(own, left ?? own);
    if (seconds > 0) return headersFor(seconds);
    if ((facts.status ?? 200) >= 400) return {};
    if (facts.forOne === true) return byDefault;
    return (age.passthrough ? fromSource(facts) : null) ?? byDefault;
  }

  return (facts) => {
    const { cacheControl: chosen, seconds } = choose(facts);
    if (chosen === undefined) return {};
    const cacheControl = facts.forOne === true ? chosen.replace(/, public$/, ', private') : chosen;
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
