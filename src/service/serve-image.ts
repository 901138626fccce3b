import { asPictorError, type ErrorCode } from '../core/errors.ts';
import type { EmitEvent } from '../core/events.ts';
import type { ImageLimits } from '../core/image-info.ts';
import type { BlobMeta, BlobStore } from '../core/ports.ts';
import type { Gate } from '../lib/gate.ts';
import { createSingleFlight } from '../lib/single-flight.ts';
import { boundedBy, cuttingText, isBoundedAlike } from '../plan/bounded.ts';
import type { Engine } from '../plan/engine-port.ts';
import { limitsOf } from '../plan/limits.ts';
import { sourcesOf } from '../request/canonical.ts';
import type { ImageRequest } from '../request/image-request.ts';
import { enterWithin } from './enter-within.ts';
import { isFresh, isFromTheFuture } from './freshness.ts';
import { handedOn } from './hand-on.ts';
import { type Asking, inTheNameOf, obtainAll, releaseAll, retainAll, suits } from './held-original.ts';
import { variantKey } from './key.ts';
import type { Mezzanines } from './mezzanines.ts';
import type { Originals } from './originals.ts';
import type { ServedImage, ServeRequest } from './serve-image-types.ts';
import { fromStore, notModified, served } from './served-image.ts';
import { typeToCheck } from './source-answer.ts';
import { sourceFailures } from './source-failures.ts';
import { createTransformFailures } from './transform-failures.ts';
import {
  asRecord,
  freshnessOfAll,
  latestModified,
  namesOf,
  type ReadBlob,
  readable,
  recordOf,
  renewedRecord,
  type Sourced,
  sourcedFrom,
  type Variant,
  validatorsOfMain,
} from './variant-record.ts';

interface ImageServiceParts {
  readonly variants: BlobStore;
  readonly originals: Originals;
  readonly engine: Engine;
  readonly mezzanines: Mezzanines;
  /** Processing gate: one place per transform in flight. */
  readonly gate: Gate;
  readonly limits: ImageLimits;
  /** Longest wait for a place at the gate; 0: no limit. */
  readonly maxWaitSeconds: number;
  readonly retryAfterSeconds: number;
  readonly emit: EmitEvent;
  readonly now: () => number;
}

/** The use case behind every GET: the variant if there is a good one, else one fetch and one transform for all who ask. */
export interface ImageService {
  /** @throws PictorError */
  serve(request: ServeRequest): Promise<ServedImage>;
  /** The stored variant's bytes if they are in memory and still carry this ETag: lets a known URL be answered at once. */
  peek(key: string, etag: string): Uint8Array | null;
  /** Waits for store writes that follow replies. */
  drain(): Promise<void>;
}

export function createImageService(parts: ImageServiceParts): ImageService {
  const transforms = createSingleFlight<Variant>();
  const refreshes = new Set<string>();
  const failures = createTransformFailures(parts.now);
  const writes = new Set<Promise<void>>();
  const beingWritten = new Map<string, Variant>();
  const cutting = cuttingText(parts.limits);

  const find = async (key: string) => parts.variants.peek?.(key) ?? (await parts.variants.get(key));

  const track = (write: Promise<void>) => {
    const settled = write.catch((thrown: unknown) => {
      parts.emit({
        type: 'store',
        store: parts.variants.name,
        what: 'write-failed',
        detail: asPictorError(thrown).detail ?? '',
      });
    });
    writes.add(settled);
    void settled.then(() => writes.delete(settled));
  };

  /** Stores a variant; until that is done, whoever asks gets it from here. */
  function write(key: string, variant: Variant): void {
    const { record, body } = variant;
    const writtenKey = `${key}\n${record.version}`;
    beingWritten.set(writtenKey, variant);
    const done = () => beingWritten.delete(writtenKey);
    track(parts.variants.put(key, body, record as unknown as BlobMeta).finally(done));
  }

  /** Every source of the request, at hand. */
  async function source(image: ImageRequest, key: string, asking: Asking): Promise<Sourced> {
    const originals = await obtainAll(sourcesOf(image), (uri) =>
      parts.originals.obtain(uri, askingFor(uri, image, asking)),
    );
    return sourcedFrom(key, originals, { cutting, rules: asking.rules });
  }

  /** Whether a stored variant is what today's bounds would make. */
  function isOfToday({ meta }: ReadBlob, image: ImageRequest): boolean {
    const { bounded } = asRecord(meta);
    return bounded === undefined || isBoundedAlike(bounded, limitsOf(image, parts.limits));
  }

  /** The variant of these originals, for everybody who wants it now. */
  async function make(
    image: ImageRequest,
    key: string,
    sourced: Sourced,
    signal: AbortSignal,
  ): Promise<Variant> {
    const remembered = failures.recall({ key, originals: namesOf(sourced) });
    if (remembered !== null) throw remembered;
    const written = beingWritten.get(`${key}\n${sourced.version}`);
    if (written !== undefined) return written;
    // Made while this request was on its way to its sources: the run it would have joined has just ended.
    const made = await readable(await find(key));
    if (made !== null && asRecord(made.meta).version === sourced.version && isOfToday(made, image))
      return { record: asRecord(made.meta), body: made.body, timings: sourced.timings };
    return transform(image, key, sourced, signal);
  }

  /** Decodes, transforms and encodes behind the process gate. */
  async function transform(
    image: ImageRequest,
    key: string,
    sourced: Sourced,
    signal: AbortSignal,
  ): Promise<Variant> {
    const asked = parts.now();
    const leave = await enterWithin(parts, signal);
    const processWait = parts.now() - asked;
    try {
      const inputs = Object.fromEntries(sourced.originals.map((original) => [original.uri, original.input]));
      const main = sourced.originals[0]!;
      const mezzanines = await parts.mezzanines.find(main, image);
      const job = { request: image, inputs, limits: parts.limits };
      const made = await parts.engine.transform({ ...job, mezzanines }, signal);
      if (made.reused === undefined) parts.mezzanines.madeOf(main, made.source);
      const type = typeToCheck(image, sourced, made);
      const facts = type === null ? made : { ...made, declaredType: type };
      const record = recordOf(sourced, facts, boundedBy(made.source, limitsOf(image, parts.limits)));
      const { decodeMs: decode, encodeMs: encode } = made.timings;
      const timings = { ...sourced.timings, processWait, decode, encode };
      const variant: Variant = { record, body: made.bytes, timings };
      if (record.storable) write(key, variant);
      return variant;
    } catch (thrown) {
      const error = asPictorError(thrown);
      failures.remember({ key, originals: namesOf(sourced) }, error);
      throw error;
    } finally {
      leave();
    }
  }

  /** Where the mount takes every answer, one that cannot be worked on is given as it came. It is not kept as a variant. */
  async function makeOrHandOn(
    image: ImageRequest,
    key: string,
    sourced: Sourced,
    signal: AbortSignal,
  ): Promise<Variant> {
    try {
      return await make(image, key, sourced, signal);
    } catch (thrown) {
      const variant = await handedOn(image, sourced, asPictorError(thrown));
      if (variant === null) throw thrown;
      return variant;
    }
  }

  /** A bounded store may have forgotten an original between handing out its path and the worker opening it. */
  async function makeAgainIfLost(
    image: ImageRequest,
    key: string,
    sourced: Sourced,
    asking: Asking,
  ): Promise<Variant> {
    try {
      return await makeOrHandOn(image, key, sourced, asking.signal);
    } catch (thrown) {
      if (asPictorError(thrown).code !== 'STORE_FAILED') throw thrown;
      // Stored once more it could be lost once more: such a store is too small for all that is in flight.
      const uris = sourced.originals.map(({ uri }) => uri);
      const again = await obtainAll(uris, (uri) =>
        parts.originals.obtainAside(uri, askingFor(uri, image, asking)),
      );
      try {
        const sourcedAgain = sourcedFrom(key, again, { cutting, rules: asking.rules });
        return await makeOrHandOn(image, key, sourcedAgain, asking.signal);
      } finally {
        releaseAll(again);
      }
    }
  }

  /** The variant at hand, of originals that turned out to be the same. */
  function unchanged(key: string, held: ReadBlob, sourced: Sourced): ServedImage {
    const { originals, timings } = sourced;
    const record = renewedRecord(asRecord(held.meta), sourced);
    if (record.storable) track(parts.variants.setMeta(key, { ...record }));
    const standsIn = originals.some((original) => original.standsIn);
    const cache = !record.storable ? 'bypass' : standsIn ? 'stale' : 'revalidated';
    return fromStore({ key, blob: held, record, cache, timings });
  }

  /** A variant that is no longer fresh, or none: asks the sources, and transforms only if one of them changed. */
  async function renew(
    request: Omit<ServeRequest, 'signal'>,
    key: string,
    held: ReadBlob | null,
    signal: AbortSignal,
  ): Promise<ServedImage> {
    const sourced = await source(request.image, key, askingOf(request, signal));
    try {
      return await renewFrom(sourced, request, { key, held, signal });
    } finally {
      releaseAll(sourced.originals);
    }
  }

  async function renewFrom(
    sourced: Sourced,
    request: Omit<ServeRequest, 'signal'>,
    { key, held, signal }: { key: string; held: ReadBlob | null; signal: AbortSignal },
  ): Promise<ServedImage> {
    const isSame =
      held !== null && asRecord(held.meta).version === sourced.version && isOfToday(held, request.image);
    const same = isSame ? unchanged(key, held, sourced) : null;
    // The source has come to forbid what was kept before.
    if (held !== null && !freshnessOfAll(sourced.originals).storable) track(parts.variants.delete(key));
    if (same !== null) return same;
    const lastModified = latestModified(sourced.originals);
    if (holdsThisOne(request, sourced, lastModified)) {
      return notModified(key, sourced, lastModified);
    }
    const variant = await transforms.join(`${key}\n${sourced.version}`, signal, async (shared) => {
      // The one who began this run may leave before the others who wait for it.
      retainAll(sourced.originals);
      try {
        return await makeAgainIfLost(request.image, key, sourced, askingOf(request, shared));
      } finally {
        releaseAll(sourced.originals);
      }
    });
    return served({
      key,
      record: variant.record,
      body: variant.body,
      cache: variant.record.storable ? 'miss' : 'bypass',
      timings: variant.timings,
    });
  }

  function refreshInBackground(request: ServeRequest, key: string, held: ReadBlob): void {
    if (refreshes.has(key)) return;
    refreshes.add(key);
    const done = () => refreshes.delete(key);
    // Nobody waits, so a failure has no reply to reach: it was emitted as a fetch event, and the copy goes on being stale.
    const { image, visits, passed, rules } = request;
    const nobody = new AbortController().signal;
    renew({ image, visits, passed, rules }, key, held, nobody).then(done, done);
  }

  return {
    async serve(request) {
      const key = variantKey(request.image, { audience: audienceOf(request), rules: request.rules });
      const held = await readable(await find(key));
      const usable = held !== null && suits(asRecord(held.meta), request) && isOfToday(held, request.image);
      if (usable) {
        const record = asRecord(held.meta);
        const now = parts.now();
        if (isFresh(record, now)) return fromStore({ key, blob: held, record, cache: 'hit' });
        if (record.staleUntil > now && !isFromTheFuture(record, now)) {
          refreshInBackground(request, key, held);
          return fromStore({
            key,
            blob: held,
            record: { ...record, freshUntil: now + 1000 },
            cache: 'stale',
          });
        }
      }
      try {
        return await renew(request, key, held, request.signal);
      } catch (thrown) {
        const error = asPictorError(thrown);
        if (!usable || !standInFor.has(error.code) || asRecord(held.meta).errorUntil <= parts.now())
          throw error;
        return fromStore({
          key,
          blob: held,
          record: { ...asRecord(held.meta), freshUntil: parts.now() + 1000 },
          cache: 'stale',
        });
      }
    },
    peek(key, etag) {
      const blob = parts.variants.peek?.(key) ?? null;
      if (blob === null || blob.body === undefined) return null;
      const record = asRecord(blob.meta);
      return record.etag === etag && !isFromTheFuture(record, parts.now()) ? blob.body : null;
    },
    async drain() {
      while (writes.size > 0) await Promise.all(writes);
    },
  };
}

const askingOf = (
  { visits, cookies, passed, rules }: Omit<ServeRequest, 'signal'>,
  signal: AbortSignal,
): Asking => ({ signal, visits, cookies, passed, rules });

/** For whom alone an answer is: one whose cookies or credentials go to one of the sources. */
function audienceOf(request: Pick<ServeRequest, 'image' | 'cookies' | 'passed'>): string | undefined {
  const names = sourcesOf(request.image).map((uri) => inTheNameOf(uri, request));
  return names.find((name) => name !== null) ?? undefined;
}

/** The bound of a request on bytes, and the edition it wants, count for its original, not for marks. */
const askingFor = (uri: string, { source, limits, edition }: ImageRequest, asking: Asking): Asking =>
  uri === source && (limits?.maxSourceBytes !== undefined || edition !== undefined)
    ? { ...asking, maxBytes: limits?.maxSourceBytes, edition }
    : asking;

/**
 * Whether the client holds the very variant that is not made yet. A client that takes any tag (`If-None-Match: *`, also
 * one that nothing has) does not say so: whether there is a picture at all is only known once it was made.
 */
function holdsThisOne(
  { clientHolds }: Omit<ServeRequest, 'signal'>,
  sourced: Sourced,
  lastModified: string | undefined,
): boolean {
  if (clientHolds === undefined || (sourced.originals[0]?.response?.status ?? 200) !== 200) return false;
  const known = {
    etag: sourced.etag,
    ...validatorsOfMain(sourced),
    ...(lastModified === undefined ? {} : { lastModified }),
  };
  return clientHolds(known) && !clientHolds({ etag: nobodysTag });
}

const nobodysTag = 'no picture has this tag';

/** Failures for which an old variant is the better answer. */
const standInFor: ReadonlySet<ErrorCode> = new Set([...sourceFailures, 'STORE_FAILED']);
