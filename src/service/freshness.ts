import CachePolicy from 'http-cache-semantics';
import type { SourceResponse } from '../core/ports.ts';
import type { FreshnessSettings } from './settings.ts';

/** Until when a copy may be used, in epoch milliseconds. */
export interface Freshness {
  /** When the source was asked. */
  readonly storedAt: number;
  readonly freshUntil: number;
  /** Then still answered while it is checked in the background (RFC 5861 section 3). */
  readonly staleUntil: number;
  /** Then still answered when the source fails (RFC 5861 section 4). */
  readonly errorUntil: number;
  /** False: the source forbids a shared cache to keep it (RFC 9111 section 3). */
  readonly storable: boolean;
}

/** The request we make, as http-cache-semantics wants to see it: always the same, so Vary never matters except `*`. */
const ourRequest = { method: 'GET', url: '/', headers: {} };

const isExplicit = (headers: Readonly<Record<string, string>>): boolean =>
  headers['expires'] !== undefined ||
  headers['pragma'] !== undefined ||
  /(?:^|[\s,])(?:max-age|s-maxage|no-cache|no-store|private|must-revalidate|immutable)\b/i.test(
    headers['cache-control'] ?? '',
  );

/** Seconds given by a Cache-Control extension directive, or undefined. */
function directiveSeconds(headers: Readonly<Record<string, string>>, name: string): number | undefined {
  const match = new RegExp(`(?:^|[\\s,])${name}\\s*=\\s*"?(\\d+)`, 'i').exec(headers['cache-control'] ?? '');
  return match === null ? undefined : Number(match[1]);
}

const forbidsStale = (headers: Readonly<Record<string, string>>): boolean =>
  /(?:^|[\s,])(?:must-revalidate|proxy-revalidate|no-cache|s-maxage)\b/i.test(headers['cache-control'] ?? '');

const policyOf = (response: SourceResponse): CachePolicy =>
  new CachePolicy(
    ourRequest,
    { status: response.status, headers: { ...response.headers } },
    { shared: true },
  );

/**
 * RFC 9111 freshness of a source's answer, as a shared cache sees it. A source that says nothing is trusted for
 * `defaultSeconds` (no guess from Last-Modified: operators expect one number).
 * @param now epoch milliseconds, the moment the answer arrived
 */
export function freshnessOf(response: SourceResponse, now: number, settings: FreshnessSettings): Freshness {
  const policy = policyOf(response);
  // What may not be kept has no age; windows here would let a copy from before the source said so live on.
  if (!policy.storable()) return window(now, { fresh: 0, revalidate: 0, error: 0, storable: false });
  const { headers } = response;
  const age = Number.parseInt(headers['age'] ?? '0', 10) || 0;
  const lifetime =
    headers['vary']?.trim() === '*'
      ? 0
      : isExplicit(headers)
        ? policy.maxAge() - age
        : settings.defaultSeconds;
  const fresh = Math.max(0, lifetime, settings.minSeconds);
  const stale = forbidsStale(headers);
  const revalidate = stale
    ? 0
    : (directiveSeconds(headers, 'stale-while-revalidate') ?? settings.staleWhileRevalidateSeconds);
  const error = stale ? 0 : (directiveSeconds(headers, 'stale-if-error') ?? settings.staleIfErrorSeconds);
  return window(now, { fresh, revalidate, error, storable: true });
}

/** Clocks of several machines differ by less; a clock that was set back differs by more. */
const clockSkewMs = 60_000;

/** Noted by a clock that was ahead of ours: its times say nothing, the source must be asked. */
export const isFromTheFuture = ({ storedAt }: Pick<Freshness, 'storedAt'>, now: number): boolean =>
  storedAt > now + clockSkewMs;

/** Whether a copy may be used without asking its source. */
export const isFresh = (freshness: Pick<Freshness, 'storedAt' | 'freshUntil'>, now: number): boolean =>
  freshness.freshUntil > now && !isFromTheFuture(freshness, now);

/** Freshness of a source without HTTP rules (local files): a fixed age. */
export function fixedFreshness(freshForSeconds: number, now: number, settings: FreshnessSettings): Freshness {
  return window(now, {
    fresh: Math.max(freshForSeconds, settings.minSeconds),
    revalidate: 0,
    error: settings.staleIfErrorSeconds,
    storable: true,
  });
}

/** The freshness of what nobody may keep, whatever its source says. */
export const forbidden = ({ storedAt }: Freshness): Freshness =>
  window(storedAt, { fresh: 0, revalidate: 0, error: 0, storable: false });

/** Whether a shared cache may keep this answer of a source (RFC 9111 section 3), were it a whole picture. */
export const isShareable = ({ headers }: SourceResponse): boolean =>
  policyOf({ status: 200, headers }).storable();

function window(
  now: number,
  seconds: { fresh: number; revalidate: number; error: number; storable: boolean },
): Freshness {
  const freshUntil = now + seconds.fresh * 1000;
  return {
    storedAt: now,
    freshUntil,
    staleUntil: freshUntil + seconds.revalidate * 1000,
    errorUntil: freshUntil + seconds.error * 1000,
    storable: seconds.storable,
  };
}

/** The stored answer with its headers renewed by a 304 (RFC 9111 section 3.2). */
export function renewed(stored: SourceResponse, notModified: SourceResponse): SourceResponse {
  const headers: Record<string, string> = { ...stored.headers };
  for (const [name, value] of Object.entries(notModified.headers)) {
    // These describe the body that was not sent.
    if (name !== 'content-length' && name !== 'content-encoding' && name !== 'content-range')
      headers[name] = value;
  }
  // `Age` is that of the new answer or none.
  if (notModified.headers['age'] === undefined) delete headers['age'];
  return { status: stored.status, headers };
}
