import { asPictorError, type ErrorCode } from '../core/errors.ts';
import type { EmitEvent } from '../core/events.ts';
import type { BlobStore } from '../core/ports.ts';
import { createSingleFlight } from '../lib/single-flight.ts';
import { cuttingText } from '../plan/bounded.ts';
import { type PassedOver, withoutFormats } from '../plan/within-budget.ts';
import { sourcesOf } from '../request/canonical.ts';
import { askingFor, askingOf, audienceOf } from './asking.ts';
import { isFresh, isFromTheFuture } from './freshness.ts';
import { obtainAll, releaseAll, retainAll, suits } from './held-original.ts';
import type { IdleLane } from './idle-lane.ts';
import { createIdleVariants } from './idle-variants.ts';
import { createKeptVariants } from './kept-variants.ts';
import { variantKey } from './key.ts';
import { createPictureMaking, type PictureMakingParts, type PictureOrder } from './make-picture.ts';
import type { Originals } from './originals.ts';
import type { PurgeMarks } from './purge-marks.ts';
import { type RunOnce, runAlone } from './run-once.ts';
import type { ServedImage, ServeRequest } from './serve-image-types.ts';
import { fromStore, notModified, served, standingIn } from './served-image.ts';
import type { EncodingSettings } from './settings.ts';
import { sourceFailures } from './source-failures.ts';
import {
  asRecord,
  freshnessOfAll,
  latestModified,
  type ReadBlob,
  renewedRecord,
  type Sourced,
  sourcedFrom,
  type Variant,
  validatorsOfMain,
} from './variant-record.ts';

interface ImageServiceParts extends Omit<PictureMakingParts, 'budgetMs'> {
  readonly variants: BlobStore;
  readonly originals: Originals;
  readonly purges: Pick<PurgeMarks, 'of' | 'isGone'>;
  /** Among all processes of this machine. Absent: there is one. */
  readonly runOnce?: RunOnce;
  /** True: there are others. */
  readonly isShared?: boolean;
  readonly lane: IdleLane;
  readonly encoding: EncodingSettings;
  readonly emit: EmitEvent;
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

/** A request on its way to its sources. It may be made in nobody's name: then there is no client to leave. */
interface Renewal {
  readonly request: Omit<ServeRequest, 'signal'>;
  readonly key: string;
  /** The variant at hand, which is no longer fresh. */
  readonly held: ReadBlob | null;
  /** See `PictureOrder`. */
  readonly looked: number;
  readonly signal: AbortSignal;
}

export function createImageService(parts: ImageServiceParts): ImageService {
  const { encoding } = parts;
  const { runOnce = runAlone } = parts;
  const variants = createKeptVariants(parts);
  const making = createPictureMaking({ ...parts, budgetMs: encoding.budgetMilliseconds }, variants);
  const transforms = createSingleFlight<Variant | PassedOver>();
  const refreshes = new Set<string>();
  const cutting = cuttingText(parts.limits);
  const idle = createIdleVariants({
    lane: parts.lane,
    variants,
    making,
    sources: ({ request, key }, signal) => source({ request, key, signal }, parts.originals.obtain),
    purges: parts.purges,
    runOnce,
    reencode: encoding.reencode,
  });

  /** Every source of the request, at hand, however it is obtained. */
  async function source(
    { request, key, signal }: Pick<Renewal, 'request' | 'key' | 'signal'>,
    obtain: Originals['obtain'],
  ): Promise<Sourced> {
    const { image, rules } = request;
    const asking = askingOf(request, signal);
    const originals = await obtainAll(sourcesOf(image), (uri) => obtain(uri, askingFor(uri, image, asking)));
    return sourcedFrom(key, originals, { cutting, rules });
  }

  const keyOf = (request: Renewal['request']): string =>
    variantKey(request.image, { audience: audienceOf(request), rules: request.rules });

  /** Pictures of what was purged meanwhile are made apart from those of what came since. */
  const sincePurge = ({ originals }: Sourced): string =>
    originals
      .map(({ uri, asked }) => {
        const at = parts.purges.of(uri);
        return at >= asked ? `gone ${asked}` : String(at);
      })
      .join(' ');

  /** A bounded store may have forgotten an original between handing out its path and the worker opening it. */
  async function makeAgainIfLost(
    order: PictureOrder,
    request: Renewal['request'],
  ): Promise<Variant | PassedOver> {
    try {
      return await making.make(order);
    } catch (thrown) {
      if (asPictorError(thrown).code !== 'STORE_FAILED') throw thrown;
      // Stored once more it could be lost once more: such a store is too small for all that is in flight.
      const sourced = await source({ ...order, request }, parts.originals.obtainAside);
      try {
        return await making.make({ ...order, sourced });
      } finally {
        releaseAll(sourced.originals);
      }
    }
  }

  /** The variant at hand, of originals that turned out to be the same. */
  function unchanged(key: string, held: ReadBlob, sourced: Sourced): ServedImage {
    const { originals, timings } = sourced;
    const record = renewedRecord(asRecord(held.meta), sourced);
    if (record.storable) variants.renew(key, record);
    const standsIn = originals.some((original) => original.standsIn);
    const cache = !record.storable ? 'bypass' : standsIn ? 'stale' : 'revalidated';
    return fromStore({ key, blob: held, record, cache, timings });
  }

  /** A variant that is no longer fresh, or none: asks the sources, and transforms only if one of them changed. */
  async function renew(renewal: Renewal): Promise<ServedImage> {
    const sourced = await source(renewal, parts.originals.obtain);
    try {
      return await renewFrom(sourced, renewal);
    } finally {
      releaseAll(sourced.originals);
    }
  }

  async function renewFrom(sourced: Sourced, renewal: Renewal): Promise<ServedImage> {
    const { request, key, held, looked, signal } = renewal;
    const { image } = request;
    const isSame =
      held !== null && asRecord(held.meta).version === sourced.version && making.isOfToday(held, image);
    const same = isSame ? unchanged(key, held, sourced) : null;
    // The source has come to forbid what was kept before.
    if (held !== null && !freshnessOfAll(sourced.originals).storable) variants.forget(key);
    if (same !== null) return same;
    const lastModified = latestModified(sourced.originals);
    if (holdsThisOne(request, sourced, lastModified)) return notModified(key, sourced, lastModified);
    const name = `${key}\n${sourced.version}\n${sincePurge(sourced)}`;
    const variant = await transforms.join(name, signal, async (shared) => {
      // The one who began this run may leave before the others who wait for it.
      retainAll(sourced.originals);
      try {
        const order = { image, key, sourced, looked, signal: shared };
        return await runOnce({
          name,
          signal: shared,
          work: () => makeAgainIfLost(order, request),
          failedElsewhere: (error) => making.failedElsewhere(order, error),
          findable: () => variants.written(key),
          changes: key,
        });
      } finally {
        releaseAll(sourced.originals);
      }
    });
    if ('passedOver' in variant) return inTheMeantime(variant, sourced, renewal);
    if (variant.record.storable) idle.made({ key, request });
    return served({
      key,
      record: variant.record,
      body: variant.body,
      cache: variant.record.storable ? 'miss' : 'bypass',
      timings: variant.timings,
    });
  }

  /**
   * What a client gets that does not take the slow formats: a variant of its own, under its own key and tag. The one it
   * stands in for is made when there is time, where it may be kept.
   */
  async function inTheMeantime(
    { passedOver }: PassedOver,
    sourced: Sourced,
    { request, key, signal }: Renewal,
  ): Promise<ServedImage> {
    const comes = idle.later({ key, request }, sourced);
    const other = { ...request, image: withoutFormats(request.image, passedOver) };
    const otherKey = keyOf(other);
    const looked = variants.writes();
    const held = await variants.find(otherKey);
    const { originals, rules, timings } = sourced;
    const same = { ...sourcedFrom(otherKey, originals, { cutting, rules }), timings };
    const image =
      freshOne({ request: other, key: otherKey, held }) ??
      (await renewFrom(same, { request: other, key: otherKey, held, looked, signal }));
    return comes ? standingIn(image, encoding.standInSeconds, parts.now()) : image;
  }

  /** The variant at hand, where it is as good as a new one. */
  function freshOne({ request, key, held }: Omit<Renewal, 'looked' | 'signal'>): ServedImage | null {
    if (held === null || !suits(asRecord(held.meta), request) || !making.isOfToday(held, request.image))
      return null;
    const record = asRecord(held.meta);
    if (!isFresh(record, parts.now())) return null;
    idle.again({ key, request }, record);
    return fromStore({ key, blob: held, record, cache: 'hit' });
  }

  function refreshInBackground(renewal: Omit<Renewal, 'signal'>): void {
    const { request, key } = renewal;
    if (refreshes.has(key)) return;
    refreshes.add(key);
    const done = () => refreshes.delete(key);
    // Nobody waits, so a failure has no reply to reach: it was emitted as a fetch event, and the copy goes on being stale.
    // No cookies: what they bring is never kept, so a copy that can be refreshed came without.
    const { image, visits, passed, rules } = request;
    const { signal } = new AbortController();
    renew({ ...renewal, request: { image, visits, passed, rules }, signal }).then(done, done);
  }

  /** The variant at hand for a second, while it is checked or its source fails. */
  const stale = (key: string, held: ReadBlob): ServedImage =>
    fromStore({
      key,
      blob: held,
      record: { ...asRecord(held.meta), freshUntil: parts.now() + 1000 },
      cache: 'stale',
    });

  return {
    async serve(request) {
      const key = keyOf(request);
      const looked = variants.writes();
      const held = await variants.find(key);
      const fresh = freshOne({ request, key, held });
      if (fresh !== null) return fresh;
      const usable =
        held !== null && suits(asRecord(held.meta), request) && making.isOfToday(held, request.image);
      if (usable) {
        const record = asRecord(held.meta);
        const now = parts.now();
        if (record.staleUntil > now && !isFromTheFuture(record, now)) {
          refreshInBackground({ request, key, held, looked });
          return stale(key, held);
        }
      }
      try {
        return await renew({ request, key, held, looked, signal: request.signal });
      } catch (thrown) {
        const error = asPictorError(thrown);
        if (!usable || !standInFor.has(error.code) || asRecord(held.meta).errorUntil <= parts.now())
          throw error;
        return stale(key, held);
      }
    },
    peek(key, etag) {
      const found = variants.peek(key);
      if (found === null) return null;
      const { record, body } = found;
      if (record.etag !== etag || isFromTheFuture(record, parts.now())) return null;
      idle.repeated(key, record);
      return body;
    },
    async drain() {
      await parts.mezzanines.drain();
      await variants.drain();
    },
  };
}

/**
 * Whether the client holds the very variant that is not made yet. A client that takes any tag (`If-None-Match: *`, also
 * one that nothing has) does not say so: whether there is a picture at all is only known once it was made.
 */
function holdsThisOne(
  { clientHolds }: Renewal['request'],
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
