import { asPictorError, PictorError } from '../core/errors.ts';
import type { BlobMeta, Original } from '../core/ports.ts';
import { forbidden } from './freshness.ts';
import {
  type Asking,
  asMeta,
  type Fetched,
  freshnessFrom,
  heldFrom,
  type Known,
  type OriginalsParts,
  openContext,
  shownValidators,
} from './held-original.ts';
import { type SourceRules, underRules } from './source-rules.ts';
import { startTransfer, type Transfer, watchBody } from './transfer.ts';
import { variedBy } from './varied.ts';
import { reachedBy, visitedOf } from './visited.ts';

/** A found original that is on its way. */
export interface Arrival {
  readonly parts: OriginalsParts;
  readonly known: Known;
  readonly answer: Original;
  readonly transfer: Transfer;
  readonly asking: Asking;
}

interface Taken {
  readonly held: Fetched;
  readonly bytes: number;
}

type Common = Omit<Fetched, 'input' | 'version' | 'isOwnFile'>;

/**
 * Reads a found original to its end: files stay where they are, streams go to the store or, if forbidden, to memory.
 * @throws PictorError SOURCE_*, BUSY when the memory for originals is full
 */
export async function takeOriginal(arrival: Arrival): Promise<Taken> {
  const { parts, known, asking } = arrival;
  const { rules } = asking;
  const answer = ruled(arrival.answer, rules);
  const usual = freshnessFrom(parts, answer, rules);
  const freshness = known.forOne ? forbidden(usual) : usual;
  const common: Common = {
    uri: known.uri,
    freshness,
    asked: known.asked,
    ...visitedOf(answer),
    ...variedBy(answer.response, asking.passed),
    ...shownValidators(answer.validators),
    ...(answer.response === undefined ? {} : { response: answer.response }),
  };
  if ('path' in answer.body) {
    const version = answer.validators.etag ?? `${answer.size ?? ''}:${answer.validators.lastModified ?? ''}`;
    return {
      held: { ...common, input: { path: answer.body.path }, isOwnFile: true, version },
      bytes: answer.size ?? 0,
    };
  }
  // Of unknown size: at least one byte.
  const fits = (answer.size ?? 1) <= (parts.store.maxBlobBytes ?? Number.POSITIVE_INFINITY);
  if (!freshness.storable || known.aside || !fits) {
    if (known.stored !== null || known.aside) await noted(parts, forget(parts, known));
    return inMemory(arrival, common, answer.body.stream);
  }
  return inStore({ ...arrival, answer }, common, answer.body.stream);
}

const ruled = (answer: Original, rules: SourceRules | undefined): Original =>
  answer.response === undefined ? answer : { ...answer, response: underRules(answer.response, rules) };

/** Where every answer is handed on, what it is handed on as is a part of it. */
function versionOf(digest: string, { response }: Pick<Common, 'response'>, { asking }: Arrival): string {
  if (asking.rules?.anyAnswer !== true || response === undefined) return digest;
  const type = response.headers['content-type'] ?? '';
  return response.status === 200 ? `${digest} ${type}`.trim() : `${digest} ${response.status} ${type}`.trim();
}

async function inStore(arrival: Arrival, common: Common, stream: AsyncIterable<Uint8Array>): Promise<Taken> {
  const { parts, known, answer, transfer } = arrival;
  const watched = watchBody(stream);
  const record = (): BlobMeta =>
    asMeta({
      uri: known.uri,
      version: versionOf(watched.digest(), common, arrival),
      validators: answer.validators,
      freshness: common.freshness,
      asked: known.asked,
      ...visitedOf(answer),
      ...(common.varied === undefined ? {} : { varied: common.varied }),
      ...(answer.response === undefined ? {} : { response: answer.response }),
    });
  try {
    await parts.store.put(known.key, watched.stream, record);
    const blob = await parts.store.get(known.key);
    const held = blob === null ? null : await heldFrom(known.uri, blob);
    const isGone = parts.purges.isGone([known]);
    // Purged while it came: those who waited for it get it, nobody else. A path that was handed out stays readable.
    if (isGone) await noted(parts, forget(parts, known));
    // What was purged may have come later, and taken the place of what is new.
    const isNew = held !== null && (isGone || !parts.purges.isGone([held]));
    if (isNew) return { held, bytes: watched.bytes() };
  } catch (thrown) {
    if (asPictorError(thrown).code !== 'STORE_FAILED') throw thrown;
  }
  // A full or broken disk must not stop deliveries: the bytes are kept for this answer only.
  if (!watched.begun()) return inMemory(arrival, common, stream);
  transfer.giveUp();
  return again(arrival, common);
}

/** Once more from the source: the store has taken a part of the first answer with it. */
async function again(arrival: Arrival, common: Common): Promise<Taken> {
  const { parts, known, asking } = arrival;
  const transfer = startTransfer(asking.signal);
  const context = openContext(parts, asking, transfer);
  const answer = await parts.source.open(known.uri, context);
  if (answer.status === 'not-modified' || 'path' in answer.body)
    throw new PictorError('STORE_FAILED', { detail: known.uri });
  return inMemory(arrival, reachedBy(common, answer), answer.body.stream);
}

async function inMemory(arrival: Arrival, common: Common, stream: AsyncIterable<Uint8Array>): Promise<Taken> {
  const { parts } = arrival;
  const watched = watchBody(stream);
  const memory = parts.memory.hold();
  const chunks: Uint8Array[] = [];
  try {
    for await (const chunk of watched.stream) {
      if (!memory.grow(chunk.length)) throw noMemory(parts);
      chunks.push(chunk);
    }
  } catch (thrown) {
    memory.release();
    throw thrown;
  }
  const bytes = Buffer.concat(chunks);
  const version = versionOf(watched.digest(), common, arrival);
  return { held: { ...common, input: { bytes }, version, memory }, bytes: bytes.length };
}

const noMemory = ({ retryAfterSeconds }: OriginalsParts): PictorError =>
  new PictorError('BUSY', { retryAfterSeconds, detail: 'memory for originals is full' });

/** A copy from before the source forbade to keep it. A path that was handed out stays readable for a while. */
export const forget = ({ store }: OriginalsParts, { key }: Known): Promise<void> => store.delete(key);

/** A full or broken disk must not stop deliveries: the copy at hand is good whether or not the store can take note. */
export async function noted({ store, emit }: OriginalsParts, write: Promise<void>): Promise<void> {
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
