import type { RequestTimings } from '../core/events.ts';
import type { BlobMeta, StoredBlob } from '../core/ports.ts';
import type { Bounded } from '../plan/bounded.ts';
import type { Freshness } from './freshness.ts';
import type { HeldOriginal } from './held-original.ts';
import { etagOf } from './key.ts';
import type { SourceTime } from './purge-marks.ts';
import { shownHeaders } from './source-answer.ts';
import type { SourceRules } from './source-rules.ts';
import { type Varied, variedByAll } from './varied.ts';
import { reachedBy, type Visited, visitedByAll } from './visited.ts';

/** What is kept beside a stored variant. */
export interface VariantRecord extends Freshness, Visited, Varied {
  readonly mediaType: string;
  /** Of the main source's answer, where it is passed on and no 200. */
  readonly status?: number;
  /** What the main source calls what it sent, where that decides whether it is given. */
  readonly declaredType?: string;
  readonly etag: string;
  readonly version: string;
  /** All of them, the main one first. */
  readonly sources: readonly SourceTime[];
  readonly width: number;
  readonly height: number;
  /** True: it was encoded once more with more effort, or that was tried and came out no smaller. */
  readonly reencoded?: true;
  /** True: its bytes took the place of others, which went out under the dates and tags of the source. */
  readonly replaced?: true;
  /** What it owes to the bounds of its day; absent: nothing. */
  readonly bounded?: Bounded;
  /** The latest of all sources. */
  readonly lastModified?: string;
  /** Of the main source, as it came. */
  readonly sourceEtag?: string;
  /** Of the main source, HTTP date. */
  readonly sourceLastModified?: string;
  /** Of the main source: stored size of one frame in pixels, and bytes. */
  readonly origin?: OriginSize;
  readonly sourceCacheControl?: string;
  readonly sourceExpires?: string;
  /** Of the main source's answer; only under rules. */
  readonly sourceHeaders?: Readonly<Record<string, string>>;
}

/** How large an original is. */
export interface OriginSize {
  readonly width: number;
  readonly height: number;
  readonly bytes: number;
}

/** A variant that is at hand, stored or not. */
export interface Variant {
  readonly record: VariantRecord;
  readonly body: Uint8Array;
  readonly timings: RequestTimings;
}

/** The originals of a request, at hand, and what follows from them. */
export interface Sourced {
  readonly originals: readonly HeldOriginal[];
  readonly version: string;
  readonly etag: string;
  readonly timings: RequestTimings;
  /** How they were fetched; absent: the usual way. */
  readonly rules?: SourceRules | undefined;
}

/** What a store of variants keeps is what `recordOf` gave it. */
export const asRecord = (meta: BlobMeta): VariantRecord => meta as unknown as VariantRecord;

/**
 * The originals with the ETag that follows from them before anything is decoded.
 * @param cutting what bounds can cut down to: under others the same key may mean other bytes
 */
export function sourcedFrom(
  key: string,
  originals: readonly HeldOriginal[],
  { cutting, rules }: { readonly cutting: string; readonly rules: SourceRules | undefined },
): Sourced {
  const version = originals.map((original) => original.version).join('\n');
  const timings: RequestTimings = Object.assign({}, ...originals.map((original) => original.timings));
  return { originals, version, etag: etagOf(`${key}\n${cutting}`, version), timings, rules };
}

/** A version alone may be that of another file too: size and time, for instance. */
export const namesOf = ({ originals }: Sourced): string =>
  originals.map(({ uri, version }) => `${uri}\n${version}`).join('\n');

/** What came of a request. */
export interface Made {
  readonly mediaType: string;
  readonly width: number;
  readonly height: number;
  /** Absent: nobody could read it. */
  readonly source?: OriginSize;
  readonly declaredType?: string;
}

const originSize = ({ width, height, bytes }: OriginSize): OriginSize => ({ width, height, bytes });

/** What is kept of a variant made of these originals. */
export function recordOf(sourced: Sourced, made: Made, bounded: Bounded | null): VariantRecord {
  const lastModified = latestModified(sourced.originals);
  return {
    ...freshnessOfAll(sourced.originals),
    ...visitedByAll(sourced.originals),
    ...variedByAll(sourced.originals),
    mediaType: made.mediaType,
    etag: sourced.etag,
    version: sourced.version,
    sources: sourceTimes(sourced),
    width: made.width,
    height: made.height,
    ...(made.declaredType === undefined ? {} : { declaredType: made.declaredType }),
    ...(made.source === undefined ? {} : { origin: originSize(made.source) }),
    ...(bounded === null ? {} : { bounded }),
    ...validatorsOfMain(sourced),
    ...(lastModified === undefined ? {} : { lastModified }),
    ...passedOn(sourced),
  };
}

/** What is kept of a variant whose originals turned out to be the same: what they say of themselves now. */
export function renewedRecord(record: VariantRecord, sourced: Sourced): VariantRecord {
  const {
    sourceEtag: _etag,
    sourceLastModified: _modified,
    sourceCacheControl: _control,
    sourceExpires: _expires,
    sourceHeaders: _headers,
    varied: _varied,
    ...before
  } = reachedBy(record, visitedByAll(sourced.originals));
  return {
    ...before,
    ...freshnessOfAll(sourced.originals),
    sources: sourceTimes(sourced),
    ...variedByAll(sourced.originals),
    ...validatorsOfMain(sourced),
    ...passedOn(sourced),
  };
}

/** When each of the originals was asked for. */
const sourceTimes = ({ originals }: Pick<Sourced, 'originals'>): SourceTime[] =>
  originals.map(({ uri, asked }) => ({ uri, asked }));

/** What the main source's own answer said. */
export function passedOn({
  originals,
  rules,
}: Sourced): Pick<VariantRecord, 'sourceCacheControl' | 'sourceExpires' | 'sourceHeaders' | 'status'> {
  const response = originals[0]?.response;
  const headers = response?.headers;
  if (rules !== undefined && response !== undefined) {
    return {
      ...(response.status === 200 ? {} : { status: response.status }),
      sourceHeaders: shownHeaders(response),
    };
  }
  return {
    ...(headers?.['cache-control'] === undefined ? {} : { sourceCacheControl: headers['cache-control'] }),
    ...(headers?.['expires'] === undefined ? {} : { sourceExpires: headers['expires'] }),
  };
}

/** The validators of the main source: what a mount may show in place of ours. */
export function validatorsOfMain({
  originals,
}: Sourced): Pick<VariantRecord, 'sourceEtag' | 'sourceLastModified'> {
  const { etag, lastModified } = originals[0] ?? {};
  return {
    ...(etag === undefined ? {} : { sourceEtag: etag }),
    ...(lastModified === undefined ? {} : { sourceLastModified: lastModified }),
  };
}

/** A variant is as fresh as the least fresh of its originals. */
export function freshnessOfAll(originals: readonly HeldOriginal[]): Freshness {
  const least = (pick: (freshness: Freshness) => number) =>
    Math.min(...originals.map((original) => pick(original.freshness)));
  return {
    storedAt: Math.max(...originals.map(({ freshness }) => freshness.storedAt)),
    freshUntil: least((freshness) => freshness.freshUntil),
    staleUntil: least((freshness) => freshness.staleUntil),
    errorUntil: least((freshness) => freshness.errorUntil),
    storable: originals.every((original) => original.freshness.storable),
  };
}

/** The latest HTTP date among the originals; undefined when one of them has none. */
export function latestModified(originals: readonly HeldOriginal[]): string | undefined {
  const times = originals.map((original) =>
    original.lastModified === undefined ? Number.NaN : Date.parse(original.lastModified),
  );
  return times.some(Number.isNaN) || times.length === 0
    ? undefined
    : new Date(Math.max(...times)).toUTCString();
}

/** A blob whose bytes are at hand. */
export interface ReadBlob extends StoredBlob {
  readonly body: Uint8Array;
}

/** A blob that was forgotten before it could be read is as good as missing. */
export async function readable(blob: StoredBlob | null): Promise<ReadBlob | null> {
  if (blob === null) return null;
  try {
    return { ...blob, body: blob.body ?? (await blob.bytes()) };
  } catch {
    return null;
  }
}
