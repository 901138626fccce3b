import { asPictorError, type ErrorCode, errorCatalogue, PictorError } from '../core/errors.ts';
import type { NotModified, OpenContext, SourceResponse, StoredBlob } from '../core/ports.ts';
import { createSingleFlight } from '../lib/single-flight.ts';
import { originalScheme } from '../request/storage.ts';
import { createFailureMemory } from './failure-memory.ts';
import { enterFetch } from './fetch-place.ts';
import { isFresh, renewed } from './freshness.ts';
import {
  type Asking,
  asMeta,
  asRecord,
  type Fetched,
  freshnessFrom,
  type HeldOriginal,
  heldFrom,
  inTheNameOf,
  type Known,
  type OriginalRecord,
  type OriginalsParts,
  openContext,
  suits,
} from './held-original.ts';
import { type KeyScope, originalKey } from './key.ts';
import { createOwnFiles } from './own-files.ts';
import { runAlone } from './run-once.ts';
import { sourceFailures } from './source-failures.ts';
import { underRules } from './source-rules.ts';
import { forget, noted, takeOriginal } from './take-original.ts';
import { startTransfer } from './transfer.ts';
import { variedBy } from './varied.ts';
import { reachedBy } from './visited.ts';

/** Hands over originals. Whoever got one with `memory` releases that when its bytes are no longer needed. */
export interface Originals {
  /**
   * Hands over the original under `uri`: the stored copy while it is fresh, otherwise asked for again (conditionally)
   * behind the fetch gate, once for all who wait under the same rule. A stored copy stands in for a failing source
   * (RFC 5861). With cookies that may go there, or credentials, nothing is kept, and only those who sent the same share it.
   * A copy that the rule would not have let in is not used: the source is asked under the rule.
   * @throws PictorError SOURCE_*, BUSY
   */
  obtain(uri: string, asking: Asking): Promise<HeldOriginal>;
  /**
   * As `obtain`, but always from the source, and as bytes that no store can lose (a file of the source's own stays one):
   * for when the stored copy was gone before it could be read. That copy is dropped.
   * @throws PictorError SOURCE_*, BUSY
   */
  obtainAside(uri: string, asking: Asking): Promise<HeldOriginal>;
}

export function createOriginals(parts: OriginalsParts): Originals {
  const flight = createSingleFlight<HeldOriginal>();
  const failures = createFailureMemory(parts.now);
  const { runOnce = runAlone } = parts;
  /** What was purged is asked for anew: runs and failures from before have another name. */
  const sincePurge = (name: string, uri: string): string => {
    const at = parts.purges.of(uri);
    return at === 0 ? name : `${name} since ${at}`;
  };
  const failureName = (wanted: Wanted): string => sincePurge(boundedName(wanted), wanted.uri);
  const flightName = (wanted: Wanted): string => sincePurge(ruledName(wanted), wanted.uri);
  const unpurged = (stored: StoredBlob | null): StoredBlob | null =>
    stored === null || parts.purges.isGone([asRecord(stored.meta)]) ? null : stored;
  /** Copies are shared, bounds are not. One that is too large here may have become smaller: its source has the last word. */
  const mayHave = ({ size }: StoredBlob, { maxBytes = parts.maxBytes }: Asking): boolean =>
    maxBytes === 0 || size <= maxBytes;
  const nothingKnown = (uri: string, key: string): Known => ({
    uri,
    key,
    stored: null,
    held: null,
    asked: parts.now(),
  });
  const ownFiles = createOwnFiles(parts);

  /** What is known without asking: a fresh copy, or what a failure of a moment ago leaves. Null: the source must be asked. */
  async function look(wanted: Wanted): Promise<{ known: Known; answer: HeldOriginal | null }> {
    const { uri, key, asking } = wanted;
    const asked = parts.now();
    const file = ownFiles.recall(boundedName(wanted), asking);
    if (file !== null)
      return {
        known: { uri, key, stored: null, held: null, asked },
        answer: { ...file, standsIn: false, timings: {} },
      };
    const copy = unpurged(await parts.store.get(key));
    const stored = copy !== null && mayHave(copy, asking) ? copy : null;
    const held = stored === null ? null : await heldFrom(uri, stored);
    const usable = held !== null && suits(held, asking) ? held : null;
    const known: Known = { uri, key, stored, held, asked };
    if (usable !== null && isFresh(usable.freshness, parts.now()))
      return { known, answer: { ...usable, standsIn: false, timings: {} } };
    const remembered = failures.recall(failureName(wanted));
    return { known, answer: remembered === null ? null : standIn(usable, remembered, parts.now()) };
  }

  async function ask(wanted: Wanted, signal: AbortSignal): Promise<HeldOriginal> {
    // Looked at once more: the run that this request would have joined may have ended while the store was read.
    const { known, answer } = await look(wanted);
    if (answer !== null) return answer;
    const name = failureName(wanted);
    try {
      const original = await refresh(parts, known, withoutCookies(wanted.asking, signal));
      ownFiles.remember(boundedName(wanted), original);
      return original;
    } catch (thrown) {
      const error = asPictorError(thrown);
      if (!isKeptHere(wanted.uri)) failures.remember(name, error);
      const usable = known.held !== null && suits(known.held, wanted.asking) ? known.held : null;
      return standIn(usable, error, parts.now());
    }
  }

  /** Asks where no other process does: what that one gets is then found in the store, or remembered as a failure. */
  const askOnce = (wanted: Wanted, signal: AbortSignal): Promise<HeldOriginal> =>
    runOnce({
      name: flightName(wanted),
      signal,
      work: () => ask(wanted, signal),
      findable: async () => parts.store.written?.(wanted.key),
      failedElsewhere(error) {
        if (!isKeptHere(wanted.uri)) failures.remember(failureName(wanted), error);
      },
    });

  /** An original that was fetched in somebody's name: for all who sent the same, now, and for nobody after. */
  async function obtainForOne(uri: string, asking: Asking, name: string): Promise<HeldOriginal> {
    const key = originalKey(uri, { audience: name, ...scopeOf(asking) });
    const wanted: Wanted = { uri, key, asking };
    const failure = failureName(wanted);
    const remembered = failures.recall(failure);
    if (remembered !== null) throw remembered;
    const known: Known = { ...nothingKnown(uri, key), aside: true, forOne: true };
    const run = async (signal: AbortSignal) => {
      try {
        return await lent(refresh(parts, known, { ...asking, signal }));
      } catch (thrown) {
        const error = asPictorError(thrown);
        failures.remember(failure, error);
        throw error;
      }
    };
    return retained(await flight.join(flightName(wanted), asking.signal, run));
  }

  return {
    async obtain(uri, asking) {
      const one = inTheNameOf(uri, asking);
      if (one !== null) return obtainForOne(uri, asking, one);
      const wanted: Wanted = { uri, key: originalKey(uri, scopeOf(asking)), asking };
      const { answer } = await look(wanted);
      const run = (shared: AbortSignal) => lent(askOnce(wanted, shared));
      return answer ?? retained(await flight.join(flightName(wanted), asking.signal, run));
    },
    async obtainAside(uri, asking) {
      const one = inTheNameOf(uri, asking);
      if (one !== null) return obtainForOne(uri, asking, one);
      const key = originalKey(uri, scopeOf(asking));
      const known: Known = { ...nothingKnown(uri, key), aside: true };
      const run = (shared: AbortSignal) => lent(refresh(parts, known, withoutCookies(asking, shared)));
      return retained(await flight.join(`${flightName({ uri, key, asking })} aside`, asking.signal, run));
    },
  };
}

/** What is not there may be uploaded the next moment, and must then be found. */
const isKeptHere = (uri: string): boolean => uri.startsWith(`${originalScheme}:`);

const scopeOf = ({ rules, edition }: Asking): KeyScope => ({ rules, edition });

interface Wanted {
  readonly uri: string;
  readonly key: string;
  readonly asking: Asking;
}

/** What is too large for one request may be small enough for another, and headers may be what a source fails about. */
const boundedName = ({ key, asking: { maxBytes, passed } }: Wanted): string =>
  [key, ...(maxBytes === undefined ? [] : [maxBytes]), ...(passed === undefined ? [] : [passed.name])].join(
    ' ',
  );

/** What one mount is refused on the way, another may be led through: they do not wait for the same fetch. */
const ruledName = (wanted: Wanted): string => {
  const { visits } = wanted.asking;
  return visits === undefined ? boundedName(wanted) : `${boundedName(wanted)} ${visits.name}`;
};

/** The cookies of whoever began a fetch that others share are nobody's business. */
const withoutCookies = ({ cookies: _, ...asking }: Asking, signal: AbortSignal): Asking => ({
  ...asking,
  signal,
});

/** A run is the first holder of what it fetched, until all who wait for it have had their turn to retain it. */
async function lent(run: Promise<HeldOriginal>): Promise<HeldOriginal> {
  const original = await run;
  if (original.memory !== undefined) setImmediate(original.memory.release);
  return original;
}

function retained(original: HeldOriginal): HeldOriginal {
  original.memory?.retain();
  return original;
}

function standIn(held: Fetched | null, error: PictorError, now: number): HeldOriginal {
  if (held === null || !sourceFailures.has(error.code) || held.freshness.errorUntil <= now) throw error;
  // Asked again soon: as long as the failure would have been remembered, and at least a second.
  const pause = Math.max(1, errorCatalogue[error.code].rememberSeconds) * 1000;
  // Asked now: a clock that is set back later must not make the pause longer.
  const freshness = { ...held.freshness, storedAt: now, freshUntil: now + pause };
  return { ...held, freshness, standsIn: true, timings: {} };
}

/** Asks the source, conditionally when a copy is held, and stores what it gives. */
async function refresh(parts: OriginalsParts, known: Known, asking: Asking): Promise<HeldOriginal> {
  const asked = parts.now();
  const leave = await enterFetch(parts, known.uri, asking.signal);
  const began = parts.now();
  let outcome: 'found' | 'not-modified' | ErrorCode = 'found';
  let bytes = 0;
  let local = false;
  const transfer = startTransfer(asking.signal);
  try {
    const validators =
      known.held === null || known.stored === null ? undefined : asRecord(known.stored.meta).validators;
    const context: OpenContext = {
      ...openContext(parts, asking, transfer),
      ...(validators === undefined ? {} : { known: validators }),
    };
    const answer = await parts.source.open(known.uri, context);
    local = answer.status === 'found' && 'path' in answer.body;
    if (answer.status === 'found') leaveFailure(answer.response, { known, asking, now: parts.now() });
    if (answer.status === 'not-modified' && known.stored !== null && known.held !== null) {
      outcome = 'not-modified';
      const held = await renew(parts, { ...known, stored: known.stored, held: known.held, asking }, answer);
      return { ...held, standsIn: false, timings: { fetchWait: began - asked, fetch: parts.now() - began } };
    }
    if (answer.status === 'not-modified')
      throw new PictorError('SOURCE_FAILED', { detail: 'answered 304 to an unconditional request' });
    const taken = await takeOriginal({ parts, known, answer, transfer, asking });
    bytes = taken.bytes;
    return {
      ...taken.held,
      standsIn: false,
      timings: { fetchWait: began - asked, fetch: parts.now() - began },
    };
  } catch (thrown) {
    transfer.giveUp();
    outcome = asPictorError(thrown).code;
    throw thrown;
  } finally {
    leave();
    const told = { source: known.uri, ms: parts.now() - began, bytes, outcome };
    parts.emit({ type: 'fetch', ...told, ...(local ? { local } : {}) });
  }
}

/**
 * A server that fails by an answer that would count as one: the copy at hand is the better answer while it may be used.
 * @throws PictorError SOURCE_FAILED
 */
function leaveFailure(
  response: SourceResponse | undefined,
  { known: { held }, asking, now }: { known: Known; asking: Asking; now: number },
): void {
  if (response === undefined || response.status < 500 || held === null) return;
  if (!suits(held, asking) || (held.response?.status ?? 200) >= 500 || held.freshness.errorUntil <= now)
    return;
  const { status: upstreamStatus } = response;
  throw new PictorError('SOURCE_FAILED', { upstreamStatus, detail: `status ${upstreamStatus}` });
}

async function renew(
  parts: OriginalsParts,
  known: Known & { stored: StoredBlob; held: Fetched; asking: Asking },
  answer: NotModified,
): Promise<Fetched> {
  const { rules, passed } = known.asking;
  const record = reachedBy(asRecord(known.stored.meta), answer);
  const response =
    record.response !== undefined && answer.response !== undefined
      ? underRules(renewed(record.response, answer.response), rules)
      : record.response;
  const freshness = freshnessFrom(parts, { response, freshForSeconds: answer.freshForSeconds }, rules);
  const renewal = {
    freshness,
    asked: known.asked,
    ...(response === undefined ? {} : { response }),
    ...variedBy(response, passed),
  };
  const next: OriginalRecord = { ...record, ...renewal };
  await noted(
    parts,
    freshness.storable ? parts.store.setMeta(known.key, asMeta(next)) : forget(parts, known),
  );
  return { ...reachedBy(known.held, answer), ...renewal };
}
