import { LRUCache } from 'lru-cache';
import type { BlobMeta, BlobStore, StoredBlob } from '../core/ports.ts';
import { collect } from './collect.ts';
import { checkKey } from './keys.ts';

export interface MemoryStoreOptions {
  /** Bytes in all: bodies, keys and an estimate of the meta. 0 keeps nothing. */
  readonly maxBytes: number;
  /** Bytes of one blob, counted alike. Default an eighth of `maxBytes`, so that one blob cannot push out all others. */
  readonly maxEntryBytes?: number;
  /** Seconds after which an entry is forgotten, whatever its use; 0 or absent: never. */
  readonly maxAgeSeconds?: number;
  /** Name in events and metrics. Default `memory`. */
  readonly name?: string;
}

type HeldBlob = StoredBlob & { readonly body: Uint8Array };

/** What an entry costs besides its own bytes: the objects, the slots of the map and the list. Measured, rounded up. */
const entryOverhead = 512;

/** A view may keep a larger buffer alive; up to this many idle bytes it is kept as it is. */
const toleratedSlack = 4096;

/**
 * Keeps the most recently used blobs in memory, bounded by bytes. Bodies are kept as they are handed in, without a copy:
 * neither side may change them afterwards. (Only a small view on a large buffer is copied, for it would hold memory that
 * is not counted.)
 */
export function createMemoryStore(options: MemoryStoreOptions): BlobStore {
  const maxBytes = Math.max(1, options.maxBytes);
  const maxEntryBytes = Math.max(1, Math.min(maxBytes, options.maxEntryBytes ?? Math.ceil(maxBytes / 8)));
  const blobs = new LRUCache<string, HeldBlob>({
    maxSize: maxBytes,
    maxEntrySize: maxEntryBytes,
    ttl: Math.ceil((options.maxAgeSeconds ?? 0) * 1000),
  });

  // lru-cache drops the old entry too when the new one is over `maxEntrySize`: the old body would be wrong.
  function keep(key: string, body: Uint8Array, meta: BlobMeta): void {
    const size = body.byteLength + 2 * (key.length + JSON.stringify(meta).length) + entryOverhead;
    blobs.set(key, hold(body, meta), { size });
  }

  return {
    name: options.name ?? 'memory',
    maxBlobBytes: maxEntryBytes,
    peek: (key) => blobs.get(key) ?? null,
    async get(key) {
      checkKey(key);
      return blobs.get(key) ?? null;
    },
    async put(key, body, meta) {
      checkKey(key);
      const bytes = body instanceof Uint8Array ? body : await collect(body, maxEntryBytes);
      if (bytes === null) blobs.delete(key);
      else keep(key, withoutSlack(bytes), typeof meta === 'function' ? meta() : meta);
    },
    async setMeta(key, meta) {
      checkKey(key);
      const held = blobs.peek(key);
      if (held !== undefined) keep(key, held.body, meta);
    },
    async delete(key) {
      checkKey(key);
      blobs.delete(key);
    },
    async *list(prefix) {
      for (const key of Array.from(blobs.keys())) if (key.startsWith(prefix)) yield key;
    },
    usage: () => ({ bytes: blobs.calculatedSize, entries: blobs.size }),
    async close() {
      blobs.clear();
    },
  };
}

function hold(body: Uint8Array, meta: BlobMeta): HeldBlob {
  return { meta, size: body.byteLength, tier: 'memory', body, bytes: () => Promise.resolve(body) };
}

function withoutSlack(body: Uint8Array): Uint8Array {
  return body.buffer.byteLength - body.byteLength > toleratedSlack + body.byteLength / 4
    ? body.slice()
    : body;
}
