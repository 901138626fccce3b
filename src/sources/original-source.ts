import type { Bucket, BucketObject, Buckets, ObjectFacts } from '../core/bucket.ts';
import { type ErrorCode, PictorError } from '../core/errors.ts';
import type { NotModified, OpenContext, Original, Source, Validators } from '../core/ports.ts';
import { type OriginalPlace, originalScheme, readOriginalUri } from '../request/storage.ts';
import { tooLarge } from './too-large.ts';

/** A storage whose originals can be read. */
export interface OriginalStorage {
  readonly buckets: Buckets;
  /** How long an original is good without a look at it. */
  readonly freshForSeconds: number;
}

/**
 * Originals that somebody gave us, out of the storages of this server: `original://{storage}/{bucket}/{key}`. What is a file
 * of this machine is handed over by its path. Failures of a bucket become those of a source, so that an older copy stands in
 * where there is one; a missing object is SOURCE_NOT_FOUND.
 */
export function createOriginalSource(storages: ReadonlyMap<string, OriginalStorage>): Source {
  return {
    schemes: [originalScheme],
    async open(uri, context) {
      const place = readOriginalUri(uri);
      if (place === null)
        throw new PictorError('SOURCE_INVALID', { detail: `no original: ${uri.slice(0, 200)}` });
      const storage = storages.get(place.storage);
      if (storage === undefined)
        throw new PictorError('SOURCE_NOT_FOUND', { detail: `no storage ${place.storage}` });
      try {
        return await openOriginal(storage, place, context);
      } catch (thrown) {
        throw asSourceFailure(thrown);
      }
    },
  };
}

async function openOriginal(
  { buckets, freshForSeconds }: OriginalStorage,
  place: OriginalPlace,
  context: OpenContext,
): Promise<Original | NotModified> {
  const bucket = buckets.bucket(place.bucket);
  if (await isUnchanged(bucket, place.key, context)) return { status: 'not-modified', freshForSeconds };
  // Ends the transfer of an object that is not read after all.
  const transfer = new AbortController();
  const signal = AbortSignal.any([context.signal, transfer.signal]);
  const found = await bucket.get(place.key, { signal });
  if (found === null) throw new PictorError('SOURCE_NOT_FOUND', { detail: `${place.bucket}/${place.key}` });
  const tooMuch = found.size > context.maxBytes;
  if (tooMuch || found.path !== undefined) transfer.abort();
  if (tooMuch) throw tooLarge(context.maxBytes);
  return {
    status: 'found',
    body: found.path === undefined ? { stream: wholeBody(found) } : { path: found.path },
    size: found.size,
    ...(found.contentType === undefined ? {} : { contentType: found.contentType }),
    validators: validatorsOf(found),
    freshForSeconds,
  };
}

/** One look at the facts, where a copy is held and both say which bytes they are. */
async function isUnchanged(bucket: Bucket, key: string, { known, signal }: OpenContext): Promise<boolean> {
  if (known?.etag === undefined) return false;
  const facts = await bucket.head(key, signal);
  return facts !== null && validatorsOf(facts).etag === known.etag;
}

const validatorsOf = ({ etag, modified }: ObjectFacts): Validators => ({
  ...(etag === undefined ? {} : { etag: `"${etag}"` }),
  lastModified: new Date(modified).toUTCString(),
});

async function* wholeBody({ body, size }: BucketObject): AsyncGenerator<Uint8Array> {
  let read = 0;
  try {
    for await (const chunk of body) {
      read += chunk.byteLength;
      yield chunk;
    }
  } catch (thrown) {
    throw asSourceFailure(thrown);
  }
  if (read !== size)
    throw new PictorError('SOURCE_TRUNCATED', { detail: `${read} bytes of an object of ${size}` });
}

const sourceCodes: Partial<Record<ErrorCode, ErrorCode>> = {
  STORAGE_REFUSED: 'SOURCE_REFUSED',
  STORAGE_FAILED: 'SOURCE_FAILED',
  STORAGE_UNREACHABLE: 'SOURCE_UNREACHABLE',
  STORAGE_TIMEOUT: 'SOURCE_TIMEOUT',
};

function asSourceFailure(thrown: unknown): unknown {
  const code = thrown instanceof PictorError ? sourceCodes[thrown.code] : undefined;
  if (!(thrown instanceof PictorError) || code === undefined) return thrown;
  const { detail, upstreamStatus, retryAfterSeconds } = thrown;
  return new PictorError(code, {
    cause: thrown,
    ...(detail === undefined ? {} : { detail }),
    ...(upstreamStatus === undefined ? {} : { upstreamStatus }),
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
  });
}
