import { asPictorError, type ErrorCode, errorCatalogue, PictorError } from '../core/errors.ts';
import type { ClientCookies, NotModified, OpenContext, StoredBlob, VisitRule } from '../core/ports.ts';
import { createSingleFlight } from '../lib/single-flight.ts';
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
  type Known,
  type OriginalRecord,
  type OriginalsParts,
  openContext,
} from './held-original.ts';
import { originalKey } from './key.ts';
import { sourceFailures } from './source-failures.ts';
import { forget, noted, takeOriginal } from './take-original.ts';
import { startTransfer } from './transfer.ts';
import { mayUse, reachedBy } from './visited.ts';

/** Hands over originals. Whoever got one with `memory` releases that when its bytes are no longer needed. */
export interface Originals {
  /**
   * Hands over the original under `uri`: the stored copy while it is fresh, otherwise asked for again (conditionally)
   * behind the fetch gate, once for all who wait under the same rule. A stored copy stands in for a failing source
   * (RFC 5861). With cookies that may go there nothing is kept, and only those who sent the same share it. A copy that the rule would not have let in is not used: the source is asked under the rule.
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

  /** What is known without asking: a fresh copy, or what a failure of a moment ago leaves. Null: the source must be asked. */
  async function look(wanted: Wanted): Promise<{ known: Known; answer: HeldOriginal | null }> {
    const { uri, key, visits } = wanted;
    const stored = await parts.store.get(key);
    const held = stored === null ? null : await heldFrom(uri, stored);
    const usable = held !== null && mayUse(held, visits) ? held : null;
    const known: Known = { uri, key, stored, held };
    if (usable !== null && isFresh(usable.freshness, parts.now()))
      return { known, answer: { ...usable, standsIn: false, timings: {} } };
    const remembered = failures.recall(boundedName(wanted));
    return { known, answer: remembered === null ? null : standIn(usable, remembered, parts.now()) };
  }

  async function ask(wanted: Wanted, signal: AbortSignal): Promise<HeldOriginal> {
    const { visits, maxBytes } = wanted;
    // Looked at once more: the run that this request would have joined may have ended while the store was read.
    const { known, answer } = await look(wanted);
    if (answer !== null) return answer;
    try {
      return await refresh(parts, known, { signal, visits, maxBytes });
    } catch (thrown) {
      const error = asPictorError(thrown);
      failures.remember(boundedName(wanted), error);
      const usable = known.held !== null && mayUse(known.held, visits) ? known.held : null;
      return standIn(usable, error, parts.now());
    }
  }

  /** An original that was fetched with somebody's cookies: for all who sent the same ones, now, and for nobody after. */
  async function obtainForOne(uri: string, asking: Asking, cookies: ClientCookies): Promise<HeldOriginal> {
    const key = originalKey(uri, cookies.name);
    const { visits, maxBytes } = asking;
    const wanted: Wanted = { uri, key, visits, maxBytes };
    const remembered = failures.recall(boundedName(wanted));
    if (remembered !== null) throw remembered;
    const known: Known = { uri, key, stored: null, held: null, aside: true, forOne: true };
    const run = async (signal: AbortSignal) => {
      try {
        return await lent(refresh(parts, known, { signal, visits, cookies, maxBytes }));
      } catch (thrown) {
        const error = asPictorError(thrown);
        failures.remember(boundedName(wanted), error);
        throw error;
      }
    };
    return retained(await flight.join(flightName(wanted), asking.signal, run));
  }

  return {
    async obtain(uri, asking) {
      const { signal, visits, cookies, maxBytes } = asking;
      if (cookies?.goTo(uri) === true) return obtainForOne(uri, asking, cookies);
      const wanted: Wanted = { uri, key: originalKey(uri), visits, maxBytes };
      const { answer } = await look(wanted);
      const run = (shared: AbortSignal) => lent(ask(wanted, shared));
      return answer ?? retained(await flight.join(flightName(wanted), signal, run));
    },
    async obtainAside(uri, asking) {
      const { signal, visits, cookies, maxBytes } = asking;
      if (cookies?.goTo(uri) === true) return obtainForOne(uri, asking, cookies);
      const key = originalKey(uri);
      const known: Known = { uri, key, stored: null, held: null, aside: true };
      const run = (shared: AbortSignal) => lent(refresh(parts, known, { signal: shared, visits, maxBytes }));
      return retained(await flight.join(`${flightName({ uri, key, visits, maxBytes })} aside`, signal, run));
    },
  };
}

interface Wanted {
  readonly uri: string;
  readonly key: string;
  readonly visits: VisitRule | undefined;
  readonly maxBytes: number | undefined;
}

/** What is too large for one request may be small enough for another. */
const boundedName = ({ key, maxBytes }: Wanted): string =>
  maxBytes === undefined ? key : `${key} ${maxBytes}`;

/** What one mount is refused on the way, another may be led through: they do not wait for the same fetch. */
const flightName = (wanted: Wanted): string =>
  wanted.visits === undefined ? boundedName(wanted) : `${boundedName(wanted)} ${wanted.visits.name}`;

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
  const transfer = startTransfer(asking.signal);
  try {
    const validators =
      known.held === null || known.stored === null ? undefined : asRecord(known.stored.meta).validators;
    const context: OpenContext = {
      ...openContext(parts, asking, transfer),
      ...(validators === undefined ? {} : { known: validators }),
    };
    const answer = await parts.source.open(known.uri, context);
    if (answer.status === 'not-modified' && known.stored !== null && known.held !== null) {
      outcome = 'not-modified';
      const held = await renew(parts, { ...known, stored: known.stored, held: known.held }, answer);
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
    parts.emit({ type: 'fetch', source: known.uri, ms: parts.now() - began, bytes, outcome });
  }
}

async function renew(
  parts: OriginalsParts,
  known: Known & { stored: StoredBlob; held: Fetched },
  answer: NotModified,
): Promise<Fetched> {
  const record = reachedBy(asRecord(known.stored.meta), answer);
  const response =
    record.response !== undefined && answer.response !== undefined
      ? renewed(record.response, answer.response)
      : record.response;
  const freshness = freshnessFrom(parts, response, answer.freshForSeconds);
  const renewal = { freshness, ...(response === undefined ? {} : { response }) };
  const next: OriginalRecord = { ...record, ...renewal };
  await noted(
    parts,
    freshness.storable ? parts.store.setMeta(known.key, asMeta(next)) : forget(parts, known),
  );
  return { ...reachedBy(known.held, answer), ...renewal };
}
