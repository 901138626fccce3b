import { createHash } from 'node:crypto';
import { asPictorError, type ErrorCode, errorCatalogue, PictorError } from '../core/errors.ts';
import type { EmitEvent } from '../core/events.ts';
import type {
  BlobMeta,
  BlobStore,
  OpenContext,
  Original,
  Source,
  SourceResponse,
  StoredBlob,
  Validators,
} from '../core/ports.ts';
import type { Gate } from '../lib/gate.ts';
import { createSingleFlight } from '../lib/single-flight.ts';
import { createFailureMemory } from './failure-memory.ts';
import { type Freshness, fixedFreshness, freshnessOf, renewed } from './freshness.ts';
import { originalKey } from './key.ts';
import type { FreshnessSettings } from './settings.ts';

/** An original that is at hand now: a file where there is one, else bytes. */
export interface HeldOriginal {
  readonly uri: string;
  readonly input: { readonly path: string } | { readonly bytes: Uint8Array };
  /** Same text, same bytes. */
  readonly version: string;
  readonly freshness: Freshness;
  readonly lastModified?: string;
  readonly response?: SourceResponse;
  /** True when the source failed and this older copy stands in for it. */
  readonly standsIn: boolean;
  readonly timings: { readonly fetchWait?: number; readonly fetch?: number };
}

export interface Originals {
  /**
   * Hands over the original under `uri`: the stored copy while it is fresh, otherwise asked for again (conditionally)
   * behind the fetch gate, once for all who wait. A stored copy stands in for a failing source (RFC 5861).
   * @throws PictorError SOURCE_*, BUSY
   */
  obtain(uri: string, signal: AbortSignal): Promise<HeldOriginal>;
  /**
   * As `obtain`, but always from the source, and as bytes that no store can lose (a file of the source's own stays one):
   * for when the stored copy was gone before it could be read. That copy is dropped.
   * @throws PictorError SOURCE_*, BUSY
   */
  obtainAside(uri: string, signal: AbortSignal): Promise<HeldOriginal>;
}

interface OriginalsParts {
  readonly source: Source;
  readonly store: BlobStore;
  readonly gate: Gate;
  readonly maxBytes: number;
  readonly retryAfterSeconds: number;
  readonly freshness: FreshnessSettings;
  readonly emit: EmitEvent;
  readonly now: () => number;
}

/** What is kept beside a stored original. */
interface OriginalRecord {
  readonly uri: string;
  readonly version: string;
  readonly validators: Validators;
  readonly freshness: Freshness;
  readonly response?: SourceResponse;
}

type Fetched = Omit<HeldOriginal, 'standsIn' | 'timings'>;

const asRecord = (meta: BlobMeta): OriginalRecord => meta as unknown as OriginalRecord;
const asMeta = (record: OriginalRecord): BlobMeta => record as unknown as BlobMeta;

/** Failures of the source itself, for which an older copy may stand in. */
const standInFor: ReadonlySet<ErrorCode> = new Set([
  'SOURCE_FAILED',
  'SOURCE_UNREACHABLE',
  'SOURCE_TIMEOUT',
  'SOURCE_TRUNCATED',
  'SOURCE_REDIRECTS',
  'BUSY',
]);

export function createOriginals(parts: OriginalsParts): Originals {
  const flight = createSingleFlight<HeldOriginal>();
  const failures = createFailureMemory(parts.now);

  /** What is known without asking: a fresh copy, or what a failure of a moment ago leaves. Null: the source must be asked. */
  async function look(uri: string, key: string): Promise<{ known: Known; answer: HeldOriginal | null }> {
    const stored = await parts.store.get(key);
    const held = stored === null ? null : await heldFrom(uri, stored);
    const known: Known = { uri, key, stored, held };
    if (held !== null && held.freshness.freshUntil > parts.now())
      return { known, answer: { ...held, standsIn: false, timings: {} } };
    const remembered = failures.recall(key);
    return { known, answer: remembered === null ? null : standIn(held, remembered, parts.now()) };
  }

  async function ask(uri: string, key: string, signal: AbortSignal): Promise<HeldOriginal> {
    // Looked at once more: the run that this request would have joined may have ended while the store was read.
    const { known, answer } = await look(uri, key);
    if (answer !== null) return answer;
    try {
      return await refresh(parts, known, signal);
    } catch (thrown) {
      const error = asPictorError(thrown);
      failures.remember(key, error);
      return standIn(known.held, error, parts.now());
    }
  }

  return {
    async obtain(uri, signal) {
      const key = originalKey(uri);
      const { answer } = await look(uri, key);
      return answer ?? flight.join(key, signal, (shared) => ask(uri, key, shared));
    },
    obtainAside(uri, signal) {
      const key = originalKey(uri);
      const known: Known = { uri, key, stored: null, held: null, aside: true };
      return flight.join(`${key} aside`, signal, (shared) => refresh(parts, known, shared));
    },
  };
}

function standIn(held: Fetched | null, error: PictorError, now: number): HeldOriginal {
  if (held === null || !standInFor.has(error.code) || held.freshness.errorUntil <= now) throw error;
  // Asked again soon: as long as the failure would have been remembered, and at least a second.
  const pause = Math.max(1, errorCatalogue[error.code].rememberSeconds) * 1000;
  return { ...held, freshness: { ...held.freshness, freshUntil: now + pause }, standsIn: true, timings: {} };
}

async function heldFrom(uri: string, blob: StoredBlob): Promise<Fetched | null> {
  const record = asRecord(blob.meta);
  // The digest of the key is not trusted blindly: a record of another URI is treated as missing.
  if (record.uri !== uri) return null;
  return {
    uri,
    input: blob.path === undefined ? { bytes: await blob.bytes() } : { path: blob.path },
    version: record.version,
    freshness: record.freshness,
    ...lastModifiedOf(record.validators),
    ...(record.response === undefined ? {} : { response: record.response }),
  };
}

interface Known {
  readonly uri: string;
  readonly key: string;
  readonly stored: StoredBlob | null;
  readonly held: Fetched | null;
  /** True: what comes is not stored. */
  readonly aside?: true;
}

/** Asks the source, conditionally when a copy is held, and stores what it gives. */
async function refresh(parts: OriginalsParts, known: Known, signal: AbortSignal): Promise<HeldOriginal> {
  const asked = parts.now();
  const leave = await parts.gate.enter(signal);
  if (leave === null)
    throw new PictorError('BUSY', {
      retryAfterSeconds: parts.retryAfterSeconds,
      detail: 'fetch queue is full',
    });
  const began = parts.now();
  let outcome: 'found' | 'not-modified' | ErrorCode = 'found';
  let bytes = 0;
  try {
    const validators =
      known.held === null || known.stored === null ? undefined : asRecord(known.stored.meta).validators;
    const context: OpenContext = {
      signal,
      maxBytes: parts.maxBytes,
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
    const taken = await take(parts, known, answer, context);
    bytes = taken.bytes;
    return {
      ...taken.held,
      standsIn: false,
      timings: { fetchWait: began - asked, fetch: parts.now() - began },
    };
  } catch (thrown) {
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
  answer: { readonly response?: SourceResponse; readonly freshForSeconds?: number },
): Promise<Fetched> {
  const record = asRecord(known.stored.meta);
  const response =
    record.response !== undefined && answer.response !== undefined
      ? renewed(record.response, answer.response)
      : record.response;
  const freshness = freshnessFrom(parts, response, answer.freshForSeconds);
  const next: OriginalRecord = { ...record, freshness, ...(response === undefined ? {} : { response }) };
  await noted(
    parts,
    freshness.storable ? parts.store.setMeta(known.key, asMeta(next)) : forget(parts, known),
  );
  return { ...known.held, freshness, ...(response === undefined ? {} : { response }) };
}

/** A copy from before the source forbade to keep it. A path that was handed out stays readable for a while. */
const forget = ({ store }: OriginalsParts, { key }: Known): Promise<void> => store.delete(key);

/** A full or broken disk must not stop deliveries: the copy at hand is good whether or not the store can take note. */
async function noted({ store, emit }: OriginalsParts, write: Promise<void>): Promise<void> {
  try {
    await write;
  } catch (thrown) {
    emit({
      type: 'store',
      store: store.name,
      what: 'write-failed',
      detail: asPictorError(thrown).detail ?? '',
    });
  }
}

const freshnessFrom = (
  parts: OriginalsParts,
  response: SourceResponse | undefined,
  seconds: number | undefined,
): Freshness =>
  response === undefined
    ? fixedFreshness(seconds ?? 0, parts.now(), parts.freshness)
    : freshnessOf(response, parts.now(), parts.freshness);

/** Reads a found original to its end: files stay where they are, streams go to the store or, if forbidden, to memory. */
async function take(
  parts: OriginalsParts,
  known: Known,
  answer: Original,
  context: OpenContext,
): Promise<{ held: Fetched; bytes: number }> {
  const freshness = freshnessFrom(parts, answer.response, answer.freshForSeconds);
  const common = {
    uri: known.uri,
    freshness,
    ...lastModifiedOf(answer.validators),
    ...(answer.response === undefined ? {} : { response: answer.response }),
  };
  if ('path' in answer.body) {
    const version = answer.validators.etag ?? `${answer.size ?? ''}:${answer.validators.lastModified ?? ''}`;
    return { held: { ...common, input: { path: answer.body.path }, version }, bytes: answer.size ?? 0 };
  }
  // Of unknown size: at least one byte.
  const fits = (answer.size ?? 1) <= (parts.store.maxBlobBytes ?? Number.POSITIVE_INFINITY);
  if (!freshness.storable || known.aside || !fits) {
    if (known.stored !== null || known.aside) await noted(parts, forget(parts, known));
    return inMemory(common, answer.body.stream);
  }

  const watched = watch(answer.body.stream);
  const record = (): BlobMeta =>
    asMeta({
      uri: known.uri,
      version: watched.digest(),
      validators: answer.validators,
      freshness,
      ...(answer.response === undefined ? {} : { response: answer.response }),
    });
  try {
    await parts.store.put(known.key, watched.stream, record);
  } catch (thrown) {
    if (asPictorError(thrown).code !== 'STORE_FAILED') throw thrown;
    // A full or broken disk must not stop deliveries: fetch once more and keep the bytes for this answer only.
    return again(parts, known, common, context);
  }
  const blob = await parts.store.get(known.key);
  const held = blob === null ? null : await heldFrom(known.uri, blob);
  if (held === null) return again(parts, known, common, context);
  return { held, bytes: watched.bytes() };
}

async function again(
  parts: OriginalsParts,
  known: Known,
  common: Omit<Fetched, 'input' | 'version'>,
  context: OpenContext,
): Promise<{ held: Fetched; bytes: number }> {
  const answer = await parts.source.open(known.uri, { signal: context.signal, maxBytes: context.maxBytes });
  if (answer.status === 'not-modified' || 'path' in answer.body)
    throw new PictorError('STORE_FAILED', { detail: known.uri });
  return inMemory(common, answer.body.stream);
}

async function inMemory(
  common: Omit<Fetched, 'input' | 'version'>,
  stream: AsyncIterable<Uint8Array>,
): Promise<{ held: Fetched; bytes: number }> {
  const watched = watch(stream);
  const chunks: Uint8Array[] = [];
  for await (const chunk of watched.stream) chunks.push(chunk);
  const bytes = Buffer.concat(chunks);
  return { held: { ...common, input: { bytes }, version: watched.digest() }, bytes: bytes.length };
}

/** Counts and digests a stream as it passes. The digest is the original's version: it survives restarts and replicas. */
function watch(stream: AsyncIterable<Uint8Array>) {
  const hash = createHash('sha256');
  let total = 0;
  let text: string | undefined;
  return {
    stream: (async function* () {
      for await (const chunk of stream) {
        hash.update(chunk);
        total += chunk.length;
        yield chunk;
      }
    })(),
    digest: () => (text ??= hash.digest('hex')),
    bytes: () => total,
  };
}

const lastModifiedOf = (validators: Validators): { lastModified?: string } =>
  validators.lastModified === undefined || Number.isNaN(Date.parse(validators.lastModified))
    ? {}
    : { lastModified: new Date(validators.lastModified).toUTCString() };
