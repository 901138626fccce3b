import type { CacheResult, RequestTimings } from '../core/events.ts';
import type { ServedImage } from './serve-image-types.ts';
import {
  freshnessOfAll,
  passedOn,
  type ReadBlob,
  type Sourced,
  type VariantRecord,
  validatorsOfMain,
} from './variant-record.ts';

interface Answer {
  readonly key: string;
  readonly record: VariantRecord;
  readonly body: Uint8Array;
  readonly cache: CacheResult;
  readonly tier?: string;
  readonly timings?: RequestTimings;
}

/** The answer with this body. */
export function served({ key, record, body, cache, tier, timings }: Answer): ServedImage {
  const {
    mediaType,
    etag,
    width,
    height,
    freshUntil,
    storable,
    origin,
    sourceCacheControl,
    sourceExpires,
    sourceHeaders,
    status,
    declaredType,
  } = record;
  return {
    key,
    body,
    mediaType,
    etag,
    width,
    height,
    cache,
    freshUntil,
    shareable: storable,
    ...(tier === undefined ? {} : { tier }),
    ...(timings === undefined ? {} : { timings }),
    ...validatorsOf(record),
    ...(origin === undefined ? {} : { origin }),
    ...(sourceCacheControl === undefined ? {} : { sourceCacheControl }),
    ...(sourceExpires === undefined ? {} : { sourceExpires }),
    ...(sourceHeaders === undefined ? {} : { sourceHeaders }),
    ...(status === undefined ? {} : { status }),
    ...(declaredType === undefined ? {} : { declaredType }),
  };
}

/** Two parts of one picture must not be of two encodings: what was replaced goes by our tag alone, which is another one. */
function validatorsOf({ replaced, lastModified, sourceEtag, sourceLastModified }: VariantRecord) {
  if (replaced === true) return {};
  return {
    ...(lastModified === undefined ? {} : { lastModified }),
    ...(sourceEtag === undefined ? {} : { sourceEtag }),
    ...(sourceLastModified === undefined ? {} : { sourceLastModified }),
  };
}

/** The answer from a store. */
export function fromStore(answer: Omit<Answer, 'body' | 'tier'> & { readonly blob: ReadBlob }): ServedImage {
  const { blob, ...rest } = answer;
  return served({ ...rest, body: blob.body, tier: blob.tier });
}

/**
 * The answer in another format than the one that is made meanwhile: good for no longer than that may take. Without dates,
 * for those are the same for both: a client that comes back with one would be told that it holds the other.
 */
export function standingIn(image: ServedImage, seconds: number, now: number): ServedImage {
  const { lastModified: _ours, sourceLastModified: _theirs, ...rest } = image;
  const standsInSeconds = Math.max(0, Math.min(seconds, Math.floor((image.freshUntil - now) / 1000)));
  return { ...rest, standsInSeconds, freshUntil: Math.min(image.freshUntil, now + standsInSeconds * 1000) };
}

/** The answer for a client that holds the variant already. */
export function notModified(key: string, sourced: Sourced, lastModified: string | undefined): ServedImage {
  return {
    key,
    body: null,
    mediaType: '',
    etag: sourced.etag,
    width: 0,
    height: 0,
    cache: 'revalidated',
    freshUntil: freshnessOfAll(sourced.originals).freshUntil,
    shareable: freshnessOfAll(sourced.originals).storable,
    timings: sourced.timings,
    ...validatorsOfMain(sourced),
    ...passedOn(sourced),
    ...(lastModified === undefined ? {} : { lastModified }),
  };
}
