import { asPictorError, type ErrorCode, PictorError } from '../core/errors.ts';
import type { CacheResult, RequestTimings } from '../core/events.ts';
import type { ShelvedPicture } from '../core/shelf.ts';
import { createSingleFlight } from '../lib/single-flight.ts';
import type { ShowTask } from '../request/storage.ts';
import type { HeldObject } from './held-object.ts';
import type { KeptObjects } from './kept-objects.ts';
import { sniffedObjectType } from './object-type.ts';
import type { PurgeMarks } from './purge-marks.ts';
import { type StorageSite, uriOf } from './storage-site.ts';
import type { TellOriginal } from './tell-original.ts';
import type { VariantMaker } from './variant-maker.ts';

/** An object that is ready to be handed over. */
export interface ShownObject {
  readonly object: HeldObject;
  /**
   * Reads what is too large to be held; parts with first and last byte, both included. Null: it is gone by now, or another
   * one; to be shown anew.
   */
  open(part?: { readonly first: number; readonly last: number }): Promise<AsyncIterable<Uint8Array> | null>;
  readonly cache: CacheResult;
  readonly tier?: string;
  readonly timings?: RequestTimings;
  /** URI, for the log. */
  readonly source: string;
}

export interface ShowParts {
  readonly objects: KeptObjects;
  readonly maker: VariantMaker;
  readonly tell: TellOriginal;
  readonly purges: Pick<PurgeMarks, 'isGone'>;
  readonly now: () => number;
}

/** The use case behind a GET of a storage mount. */
export type ShowObject = (site: StorageSite, task: ShowTask, signal: AbortSignal) => Promise<ShownObject>;

/** With these the caches may still know what the bucket does not tell. */
const bucketIsAway: ReadonlySet<ErrorCode> = new Set([
  'STORAGE_FAILED',
  'STORAGE_UNREACHABLE',
  'STORAGE_TIMEOUT',
]);

/**
 * Whether a picture may still be made when the look for a ready one has failed. Credentials that may not list a bucket are
 * refused every object that is not there (S3 answers 403 for it), and yet they may read the original.
 */
const mayStillBeMade = ({ code, upstreamStatus }: PictorError): boolean =>
  bucketIsAway.has(code) || (code === 'STORAGE_REFUSED' && upstreamStatus === 403);

/**
 * Shows what lies ready, else makes it.
 * @throws PictorError OBJECT_NOT_FOUND, STORAGE_*, and what making a picture can throw
 */
export function createShowObject({ objects, maker, tell, purges, now }: ShowParts): ShowObject {
  const reads = createSingleFlight<ShelvedPicture | null>();

  /** Null: it does not lie ready. */
  async function ready(site: StorageSite, task: ShowTask, signal: AbortSignal): Promise<ShownObject | null> {
    const { bucket, key } = task;
    if (key === undefined) return null;
    const address = { site, bucket, key };
    const found = await objects.find(address, signal);
    if (found === null) return null;
    return {
      ...found,
      source: uriOf(address),
      open: (part) =>
        objects.open(address, found.object, { signal, ...(part === undefined ? {} : { part }) }),
    };
  }

  async function made(site: StorageSite, task: ShowTask, signal: AbortSignal): Promise<ShownObject> {
    const { bucket, recipe, shelf, key, told } = task;
    if (key !== undefined && told !== undefined) {
      const address = { site, bucket, key };
      const object = await tell(address, told, signal);
      objects.forget(address);
      return { object, open: held, cache: 'miss', source: uriOf({ ...address, key: told.original }) };
    }
    if (recipe === undefined) throw notFound(task);
    const source = uriOf({ site, bucket, key: recipe.originals[0] ?? '' });
    const began = now();
    const { image, object } = await maker.make({ site, bucket, recipe }, signal);
    if (shelf !== undefined && object.bytes !== null) void putOn(site, task, { bytes: object.bytes, began });
    const { cache, tier, timings } = image;
    return {
      object,
      open: held,
      cache,
      source,
      ...(tier === undefined ? {} : { tier }),
      ...(timings === undefined ? {} : { timings }),
    };
  }

  /** What was purged is not there, and comes to no place. */
  const wasPurged = (site: StorageSite, { bucket, recipe }: ShowTask, asked: number): boolean =>
    purges.isGone((recipe?.originals ?? []).map((key) => ({ uri: uriOf({ site, bucket, key }), asked })));

  async function putOn(
    site: StorageSite,
    task: ShowTask,
    { bytes, began }: { readonly bytes: Uint8Array; readonly began: number },
  ): Promise<void> {
    const { shelf = '' } = task;
    if (wasPurged(site, task, began)) return;
    await site.shelf?.put(shelf, bytes);
    // A file tells when it was written, not when its original was asked for.
    if (wasPurged(site, task, began)) await site.shelf?.delete(shelf);
  }

  /** Made pictures of a shelf are read once for all who ask at the same time. */
  async function fromShelf(site: StorageSite, task: ShowTask, signal: AbortSignal): Promise<Shelved | null> {
    const { shelf, bucket, recipe } = task;
    if (shelf === undefined || site.shelf === null) return null;
    const on = site.shelf;
    const source = uriOf({ site, bucket, key: recipe?.originals[0] ?? '' });
    const found = await reads.join(`${site.mount}\n${source}\n${shelf}`, signal, () => on.get(shelf));
    if (found === null || wasPurged(site, task, found.modified)) return null;
    const { body, modified, fresh } = found;
    const object = { size: body.byteLength, modified, sniffedType: sniffedObjectType(body), bytes: body };
    return {
      isFresh: fresh,
      shown: { object, open: held, cache: fresh ? 'hit' : 'stale', tier: 'shelf', source },
    };
  }

  /** What lies ready in the bucket, else what can be made. */
  async function readyOrMade(site: StorageSite, task: ShowTask, signal: AbortSignal): Promise<ShownObject> {
    let failure: PictorError | null = null;
    try {
      const found = await ready(site, task, signal);
      if (found !== null) return found;
    } catch (thrown) {
      failure = asPictorError(thrown);
      if (task.recipe === undefined || !mayStillBeMade(failure)) throw failure;
    }
    try {
      return await made(site, task, failure?.code === 'STORAGE_TIMEOUT' ? soon(signal) : signal);
    } catch (thrown) {
      throw failure ?? thrown;
    }
  }

  return async (site, task, signal) => {
    const shelved = await fromShelf(site, task, signal);
    if (shelved?.isFresh === true) return shelved.shown;
    try {
      return await readyOrMade(site, task, signal);
    } catch (thrown) {
      if (shelved === null || !bucketIsAway.has(asPictorError(thrown).code)) throw thrown;
      return shelved.shown;
    }
  };
}

/** Who has waited for a bucket in vain does not wait for it once more; what the caches know comes within this time. */
const cachesMilliseconds = 2000;

const soon = (signal: AbortSignal): AbortSignal =>
  AbortSignal.any([signal, AbortSignal.timeout(cachesMilliseconds)]);

/** A picture of a shelf. */
interface Shelved {
  readonly isFresh: boolean;
  readonly shown: ShownObject;
}

const held = () => Promise.reject(new PictorError('INTERNAL', { detail: 'a made picture is held' }));

const notFound = ({ bucket, key = '' }: ShowTask) =>
  new PictorError('OBJECT_NOT_FOUND', { detail: `${bucket}/${key}` });
