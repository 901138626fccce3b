import { PictorError } from '../core/errors.ts';
import type { BlobMeta, BlobStore, StoredBlob } from '../core/ports.ts';
import { createKeyedQueue } from '../lib/keyed-queue.ts';
import { joinChunks } from './collect.ts';

export interface TieredStoreOptions {
  /** Name in events and metrics. Default: the names of the tiers, joined by `+`. */
  readonly name?: string;
  /** A blob that is read from an upper tier counts as used in the tiers below at most this often, seconds. Default 600. */
  readonly touchAfterSeconds?: number;
}

/**
 * Stores on top of each other, fastest first: `createTieredStore([memory, disk, redis])`. One with `peek` lives in memory:
 * its `put` takes effect within the call. The changes of others are done in order, one after another for each key.
 *
 * - `get` asks from the top and carries a body up by one read when it fits; concurrent ones share that read. Nobody waits
 *   for a body to be written to a tier that does not live in memory.
 * - `put` is visible in a memory tier at once and settles when every tier is done. It rejects only when no tier holds the
 *   blob; a tier that fails reports that itself, and what it held under the key before is removed from it.
 * - `setMeta` and `delete` go to every tier and reject when one of them fails.
 * - Changes of one key reach the lower tier in the order they were asked for, and a read that was under way meanwhile is
 *   not carried up: nothing old comes back.
 */
export function createTieredStore(
  tiers: readonly [BlobStore, ...BlobStore[]],
  options: TieredStoreOptions = {},
): BlobStore {
  const [first, ...rest] = tiers;
  const [second, ...others] = rest;
  if (second === undefined) return first;
  const lower = createTieredStore([second, ...others], options);
  return createPair({
    upper: first.peek === undefined ? createOrderedStore(first) : first,
    lower,
    options,
    name: options.name ?? tiers.map((tier) => tier.name).join('+'),
  });
}

interface PairParts {
  readonly upper: BlobStore;
  readonly lower: BlobStore;
  readonly options: TieredStoreOptions;
  readonly name: string;
}

type Facts = BlobMeta | (() => BlobMeta);

function createPair({ upper, lower, options, name }: PairParts): BlobStore {
  const queue = createKeyedQueue();
  const loads = new Map<string, Promise<StoredBlob | null>>();
  const warm = createWarmth(lower, (options.touchAfterSeconds ?? 600) * 1000);
  const fitsAbove = (size: number): boolean => size <= (upper.maxBlobBytes ?? Number.POSITIVE_INFINITY);

  /** A read that began before a change must not carry the old bytes up after it. */
  const outdate = (key: string): boolean => loads.delete(key);

  /** Changes the lower tier when it is this one's turn. */
  function changeBelow<T>(key: string, task: () => Promise<T>): Promise<T> {
    outdate(key);
    return queue.run(key, async () => {
      try {
        return await task();
      } finally {
        // Reads that began while the change was under way may have seen what was there before.
        outdate(key);
      }
    });
  }

  function load(key: string): Promise<StoredBlob | null> {
    const running = loads.get(key);
    if (running !== undefined) return running;
    const isCurrent = (): boolean => loads.get(key) === loading && queue.waiting(key) === 0;
    const loading: Promise<StoredBlob | null> = carryUp(key, isCurrent).finally(() => {
      if (loads.get(key) === loading) loads.delete(key);
    });
    loads.set(key, loading);
    return loading;
  }

  async function carryUp(key: string, isCurrent: () => boolean): Promise<StoredBlob | null> {
    const blob = await lower.get(key);
    if (blob === null || !fitsAbove(blob.size)) return blob;
    // The file may have gone since it was found: then the blob has.
    const body = blob.body ?? (await blob.bytes().catch(() => null));
    if (body === null) return null;
    if (isCurrent()) await putAbove(key, body, blob.meta);
    const { path: _path, ...facts } = blob;
    return { ...facts, body, bytes: () => Promise.resolve(body) };
  }

  /** What is carried up is held below: nobody has to wait until it is, or to hear that it is not. */
  async function putAbove(key: string, body: Uint8Array, meta: BlobMeta): Promise<void> {
    const done = upper.put(key, body, meta);
    if (upper.peek === undefined) void done.catch(() => {});
    else await done;
  }

  async function putBytes(key: string, body: Uint8Array, meta: BlobMeta): Promise<void> {
    if (!fitsAbove(body.byteLength)) {
      await changeBelow(key, () => lower.put(key, body, meta));
      await upper.delete(key);
      return;
    }
    const above = held(upper.put(key, body, meta));
    const below = changeBelow(key, async () => {
      const failure = await held(lower.put(key, body, meta));
      if (failure !== null) await forgetBelow(key);
      return failure;
    });
    const [aboveFailure, belowFailure] = await Promise.all([above, below]);
    if (aboveFailure === null) return;
    if (belowFailure !== null) throw belowFailure;
    await upper.delete(key).catch(() => {});
  }

  /** The new blob could not be kept below: the old one must not come back when the upper tier forgets the new one. */
  async function forgetBelow(key: string): Promise<void> {
    await lower.delete(key).catch(() => {});
  }

  async function putStream(key: string, stream: AsyncIterable<Uint8Array>, meta: Facts): Promise<void> {
    const tee = createTee(stream, fitsAbove);
    const facts = once(meta);
    let failure: PictorError | null = null;
    try {
      await lower.put(key, tee.chunks, facts);
      // Larger than the lower tier holds: it stopped reading.
      await tee.drain();
    } catch (error) {
      if (!isStoreFailure(error) || tee.failed() || !(await tee.drain())) throw error;
      failure = error;
      await forgetBelow(key);
    }
    // Whoever waits behind has set the upper tier already, and will be the last one below.
    if (queue.waiting(key) > 1) return;
    const body = tee.whole();
    if (body === null) await upper.delete(key);
    else if ((await held(upper.put(key, body, facts()))) !== null) {
      if (failure !== null) throw failure;
      await upper.delete(key).catch(() => {});
    }
  }

  return {
    name,
    ...(lower.maxBlobBytes === undefined
      ? {}
      : { maxBlobBytes: Math.max(lower.maxBlobBytes, upper.maxBlobBytes ?? 0) }),
    peek(key) {
      const blob = upper.peek?.(key) ?? null;
      if (blob !== null) warm(key, blob);
      return blob;
    },
    async get(key) {
      const blob = await upper.get(key);
      if (blob !== null) warm(key, blob);
      return blob ?? load(key);
    },
    async put(key, body, meta) {
      if (body instanceof Uint8Array) return putBytes(key, body, once(meta)());
      return changeBelow(key, () => putStream(key, body, meta));
    },
    async setMeta(key, meta) {
      await Promise.all([upper.setMeta(key, meta), changeBelow(key, () => lower.setMeta(key, meta))]);
    },
    async delete(key) {
      await Promise.all([upper.delete(key), changeBelow(key, () => lower.delete(key))]);
    },
    async erase(key) {
      await Promise.all([
        (upper.erase ?? upper.delete)(key),
        changeBelow(key, () => (lower.erase ?? lower.delete)(key)),
      ]);
    },
    async touch(key) {
      await Promise.all([upper.touch?.(key), lower.touch?.(key)]);
    },
    async *list(prefix) {
      const seen = new Set<string>();
      for await (const key of upper.list?.(prefix) ?? []) {
        seen.add(key);
        yield key;
      }
      for await (const key of lower.list?.(prefix) ?? []) if (!seen.has(key)) yield key;
    },
    async close() {
      await queue.idle();
      await Promise.all([upper.close(), lower.close()]);
    },
  };
}

const isStoreFailure = (error: unknown): error is PictorError =>
  error instanceof PictorError && error.code === 'STORE_FAILED';

/** Null once a store holds what it was given, or why it does not. @throws everything that is no failure of a store */
async function held(put: Promise<void>): Promise<PictorError | null> {
  try {
    await put;
    return null;
  } catch (error) {
    if (!isStoreFailure(error)) throw error;
    return error;
  }
}

/** The same store, with the changes of each key done one after another: the last one asked for is the one that stays. */
function createOrderedStore(store: BlobStore): BlobStore {
  const queue = createKeyedQueue();
  return {
    ...store,
    put: (key, body, meta) => queue.run(key, () => store.put(key, body, meta)),
    setMeta: (key, meta) => queue.run(key, () => store.setMeta(key, meta)),
    delete: (key) => queue.run(key, () => store.delete(key)),
    async close() {
      await queue.idle();
      await store.close();
    },
  };
}

/** Facts may cost something to find out: asked for once, whoever needs them. */
function once(meta: Facts): () => BlobMeta {
  let known: BlobMeta | null = null;
  return () => {
    known ??= typeof meta === 'function' ? meta() : meta;
    return known;
  };
}

/**
 * Blobs that are hot in memory are never read from disk, so on disk they would look unused, be evicted there and be lost
 * at the next start. So a hit above is noted below now and then.
 */
function createWarmth(lower: BlobStore, intervalMs: number): (key: string, blob: StoredBlob) => void {
  const noted = new WeakMap<StoredBlob, number>();
  if (lower.touch === undefined) return () => {};
  return (key, blob) => {
    const now = performance.now();
    const last = noted.get(blob);
    if (last !== undefined && now - last < intervalMs) return;
    noted.set(blob, now);
    // First seen: it was written or read below just now.
    if (last !== undefined) void lower.touch?.(key);
  };
}

interface Tee {
  /** The stream for the lower tier; ending it early does not end the source. */
  readonly chunks: AsyncIterable<Uint8Array>;
  /** True when the source threw. */
  failed(): boolean;
  /** Reads what the lower tier left; false when the body is larger than the upper tier holds. */
  drain(): Promise<boolean>;
  /** The body, if the source has ended and the upper tier can hold it. */
  whole(): Uint8Array | null;
}

/** Remembers the chunks of a stream as they pass, as long as the upper tier could hold them. */
function createTee(stream: AsyncIterable<Uint8Array>, fits: (size: number) => boolean): Tee {
  const source = stream[Symbol.asyncIterator]();
  let kept: Uint8Array[] = [];
  let size = 0;
  let state: 'open' | 'ended' | 'failed' = 'open';

  async function next(): Promise<IteratorResult<Uint8Array, undefined>> {
    try {
      const result = await source.next();
      if (result.done === true) {
        state = 'ended';
        return { done: true, value: undefined };
      }
      size += result.value.byteLength;
      if (fits(size)) kept.push(result.value);
      else kept = [];
      return { done: false, value: result.value };
    } catch (error) {
      state = 'failed';
      throw error;
    }
  }

  async function drain(): Promise<boolean> {
    while (state === 'open' && fits(size)) await next();
    if (state === 'open') await source.return?.();
    return fits(size);
  }

  return {
    chunks: { [Symbol.asyncIterator]: () => ({ next }) },
    failed: () => state === 'failed',
    drain,
    whole: () => (state === 'ended' && fits(size) ? joinChunks(kept, size) : null),
  };
}
