import { asPictorError, type ErrorCode, PictorError } from '../core/errors.ts';
import type { CacheResult, RequestTimings } from '../core/events.ts';
import type { ShowTask } from '../request/storage.ts';
import type { HeldObject, KeptObjects } from './kept-objects.ts';
import { type StorageSite, uriOf } from './storage-site.ts';
import type { VariantMaker } from './variant-maker.ts';

/** An object that is ready to be handed over. */
export interface ShownObject {
  readonly object: HeldObject;
  /** Reads what is too large to be held; parts with first and last byte, both included. */
  open(part?: { readonly first: number; readonly last: number }): Promise<AsyncIterable<Uint8Array>>;
  readonly cache: CacheResult;
  readonly tier?: string;
  readonly timings?: RequestTimings;
  /** URI, for the log. */
  readonly source: string;
}

export interface ShowParts {
  readonly objects: KeptObjects;
  readonly maker: VariantMaker;
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
 * Shows what lies ready, else makes it.
 * @throws PictorError OBJECT_NOT_FOUND, STORAGE_*, and what making a picture can throw
 */
export function createShowObject({ objects, maker }: ShowParts): ShowObject {
  /** Null: it does not lie ready. */
  async function ready(site: StorageSite, task: ShowTask, signal: AbortSignal): Promise<ShownObject | null> {
    const { bucket, key } = task;
    if (key === undefined) return null;
    const address = { site, bucket, key };
    const found = await objects.find(address, signal);
    return found === null
      ? null
      : { ...found, source: uriOf(address), open: (part) => objects.open(address, signal, part) };
  }

  async function made(site: StorageSite, task: ShowTask, signal: AbortSignal): Promise<ShownObject> {
    const { bucket, recipe, shelf } = task;
    if (recipe === undefined) throw notFound(task);
    const source = uriOf({ site, bucket, key: recipe.originals[0] ?? '' });
    const { image, object } = await maker.make({ site, bucket, recipe }, signal);
    if (shelf !== undefined && object.bytes !== null) void site.shelf?.put(shelf, object.bytes);
    const { cache, tier, timings } = image;
    return {
      object,
      open: () => Promise.reject(new PictorError('INTERNAL', { detail: 'a made picture is held' })),
      cache,
      source,
      ...(tier === undefined ? {} : { tier }),
      ...(timings === undefined ? {} : { timings }),
    };
  }

  return async (site, task, signal) => {
    let failure: PictorError | null = null;
    try {
      const found = await ready(site, task, signal);
      if (found !== null) return found;
    } catch (thrown) {
      failure = asPictorError(thrown);
      if (task.recipe === undefined || !bucketIsAway.has(failure.code)) throw failure;
    }
    try {
      return await made(site, task, signal);
    } catch (thrown) {
      throw failure ?? thrown;
    }
  };
}

const notFound = ({ bucket, key = '' }: ShowTask) =>
  new PictorError('OBJECT_NOT_FOUND', { detail: `${bucket}/${key}` });
