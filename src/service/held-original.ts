import type { EmitEvent } from '../core/events.ts';
import type {
  BlobMeta,
  BlobStore,
  ClientCookies,
  OpenContext,
  PassedHeaders,
  Source,
  SourceResponse,
  StoredBlob,
  Validators,
  VisitRule,
} from '../core/ports.ts';
import type { Gate } from '../lib/gate.ts';
import { type Freshness, fixedFreshness, forbidden, freshnessOf } from './freshness.ts';
import type { HostGates } from './host-gates.ts';
import type { MemoryBudget, MemoryHold } from './memory-budget.ts';
import type { PurgeMarks } from './purge-marks.ts';
import type { RunOnce } from './run-once.ts';
import type { FreshnessSettings } from './settings.ts';
import type { SourceRules } from './source-rules.ts';
import type { Transfer } from './transfer.ts';
import { isVariedAlike, type Varied } from './varied.ts';
import { mayUse, type Visited, visitedOf } from './visited.ts';

/** Who wants an original, and how. */
export interface Asking {
  readonly signal: AbortSignal;
  /** Where redirects may lead; absent: anywhere. */
  readonly visits?: VisitRule | undefined;
  /** Sent where they may go. */
  readonly cookies?: ClientCookies | undefined;
  /** Bytes that are fetched at most, in place of the server's own bound; 0: no bound. */
  readonly maxBytes?: number | undefined;
  /** Copies are shared among those who ask for the same one. */
  readonly edition?: string | undefined;
  /** Headers of the client that the source gets to see. */
  readonly passed?: PassedHeaders | undefined;
  /** Of the mount; absent: the usual ones. */
  readonly rules?: SourceRules | undefined;
}

/** An original that is at hand now: a file where there is one, else bytes. */
export interface HeldOriginal extends Visited, Varied {
  readonly uri: string;
  readonly input: { readonly path: string } | { readonly bytes: Uint8Array };
  /** Set for a file that its source keeps, not a store of ours. */
  readonly isOwnFile?: true;
  /** Same text, same bytes. */
  readonly version: string;
  readonly freshness: Freshness;
  /** When it was set out to ask the source, for these bytes or whether they are still the same; epoch milliseconds. */
  readonly asked: number;
  /** As the source sent it. */
  readonly etag?: string;
  /** HTTP date. */
  readonly lastModified?: string;
  readonly response?: SourceResponse;
  /** True when the source failed and this older copy stands in for it. */
  readonly standsIn: boolean;
  /** Set for bytes that no store holds: they count against the memory for originals until the last holder releases them. */
  readonly memory?: MemoryHold;
  readonly timings: { readonly fetchWait?: number; readonly fetch?: number };
}

/** What the originals are made of. */
export interface OriginalsParts {
  readonly source: Source;
  readonly store: BlobStore;
  /** Passed first: places per host. */
  readonly hosts: HostGates;
  /** Fetching gate: one place per fetch under way. */
  readonly gate: Gate;
  readonly maxBytes: number;
  /** For originals that no store holds, all together. */
  readonly memory: MemoryBudget;
  readonly retryAfterSeconds: number;
  readonly freshness: FreshnessSettings;
  readonly purges: Pick<PurgeMarks, 'of' | 'isGone'>;
  /** Among all processes of this machine. Absent: there is one. */
  readonly runOnce?: RunOnce;
  readonly emit: EmitEvent;
  readonly now: () => number;
}

/** What is kept beside a stored original. */
export interface OriginalRecord extends Visited, Varied {
  readonly uri: string;
  readonly version: string;
  readonly validators: Validators;
  readonly freshness: Freshness;
  readonly asked: number;
  readonly response?: SourceResponse;
}

/** What a fetch leaves, or a store. */
export type Fetched = Omit<HeldOriginal, 'standsIn' | 'timings'>;

export const asRecord = (meta: BlobMeta): OriginalRecord => meta as unknown as OriginalRecord;
export const asMeta = (record: OriginalRecord): BlobMeta => record as unknown as BlobMeta;

/** The original in a stored blob; null when that is of another URI. */
export async function heldFrom(uri: string, blob: StoredBlob): Promise<Fetched | null> {
  const record = asRecord(blob.meta);
  // The digest of the key is not trusted blindly: a record of another URI is treated as missing.
  if (record.uri !== uri) return null;
  return {
    uri,
    input: blob.path === undefined ? { bytes: await blob.bytes() } : { path: blob.path },
    version: record.version,
    freshness: record.freshness,
    asked: record.asked,
    ...visitedOf(record),
    ...(record.varied === undefined ? {} : { varied: record.varied }),
    ...shownValidators(record.validators),
    ...(record.response === undefined ? {} : { response: record.response }),
  };
}

/** Whether this request may be answered with the copy: by the way it took, and by what its source said it depends on. */
export const suits = (
  copy: Visited & Varied,
  { visits, passed }: Pick<Asking, 'visits' | 'passed'>,
): boolean => mayUse(copy, visits) && isVariedAlike(copy, passed);

/** For whom alone an answer of this source is: whose cookies or credentials go to it. Null: for everybody. */
export function inTheNameOf(
  uri: string,
  { cookies, passed }: Pick<Asking, 'cookies' | 'passed'>,
): string | null {
  const names = [
    ...(cookies?.goTo(uri) === true ? [cookies.name] : []),
    ...(passed?.personal === true ? [passed.name] : []),
  ];
  return names.length === 0 ? null : names.join('\n');
}

/** What is at hand before the source is asked. */
export interface Known {
  readonly uri: string;
  readonly key: string;
  readonly stored: StoredBlob | null;
  readonly held: Fetched | null;
  /** When it was set out to ask: before the look at what is held. Epoch milliseconds. */
  readonly asked: number;
  /** True: what comes is not stored. */
  readonly aside?: true;
  /** True: it was fetched with somebody's cookies, and is for nobody else. */
  readonly forOne?: true;
}

/** What the source is told of one transfer. */
export const openContext = (
  parts: OriginalsParts,
  { visits, cookies, passed, rules, maxBytes = parts.maxBytes }: Asking,
  { signal }: Transfer,
): OpenContext => ({
  signal,
  maxBytes: maxBytes === 0 ? Number.MAX_SAFE_INTEGER : maxBytes,
  ...(visits === undefined ? {} : { visits }),
  ...(cookies === undefined ? {} : { cookies }),
  ...(passed === undefined ? {} : { passed }),
  ...(rules?.anyAnswer === true ? { anyAnswer: true } : {}),
});

/**
 * How long an answer is good: by its HTTP headers, or else for the seconds the source names.
 * @param answer.response after the mount's rules
 */
export function freshnessFrom(
  { now, freshness }: Pick<OriginalsParts, 'now' | 'freshness'>,
  answer: { readonly response?: SourceResponse | undefined; readonly freshForSeconds?: number | undefined },
  rules: SourceRules | undefined,
): Freshness {
  const { response } = answer;
  if (response === undefined) return fixedFreshness(answer.freshForSeconds ?? 0, now(), freshness);
  if (rules?.anyAnswer !== true) return freshnessOf(response, now(), freshness);
  // Every answer is a picture to this mount, but a server that fails shall not go on failing from our cache.
  const kept = freshnessOf({ ...response, status: 200 }, now(), freshness);
  return response.status >= 500 && !rules.force ? forbidden(kept) : kept;
}

/** The tag as it came, and the date, if it is one, as HTTP writes it. */
export const shownValidators = ({ etag, lastModified }: Validators): Validators => ({
  ...(etag === undefined ? {} : { etag }),
  ...(lastModified === undefined || Number.isNaN(Date.parse(lastModified))
    ? {}
    : { lastModified: new Date(lastModified).toUTCString() }),
});

/** All of them, each retained; when one fails, those that came or still come are released. */
export async function obtainAll(
  uris: readonly string[],
  obtain: (uri: string) => Promise<HeldOriginal>,
): Promise<readonly HeldOriginal[]> {
  const wanted = uris.map(obtain);
  try {
    return await Promise.all(wanted);
  } catch (thrown) {
    for (const each of wanted)
      each.then(
        ({ memory }) => memory?.release(),
        () => {},
      );
    throw thrown;
  }
}

/** One more holder of each. */
export function retainAll(originals: readonly HeldOriginal[]): void {
  for (const { memory } of originals) memory?.retain();
}

/** One holder less of each. */
export function releaseAll(originals: readonly HeldOriginal[]): void {
  for (const { memory } of originals) memory?.release();
}
