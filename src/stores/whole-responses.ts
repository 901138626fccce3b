import type { BlobMeta, BlobStore, StoredBlob } from '../core/ports.ts';
import { createKeyedQueue } from '../lib/keyed-queue.ts';
import { collect } from './collect.ts';
import { decodeEntry, encodeEntry } from './http-entry.ts';

const mebibyte = 1024 * 1024;
/** For bodies of stores that name no bound. */
const usualBound = 64 * mebibyte;

/**
 * The same store, with every blob kept as a whole HTTP response, as imageproxy keeps its entries. What cannot be read as
 * one of ours counts as missing.
 */
export function createWholeResponses(store: BlobStore): BlobStore {
  const queue = createKeyedQueue();
  const { maxBlobBytes = usualBound } = store;

  const write = (key: string, body: Uint8Array, meta: BlobMeta): Promise<void> =>
    store.put(key, encodeEntry(key, meta, body), { mediaType: 'application/http' });

  async function read(key: string): Promise<StoredBlob | null> {
    const blob = await store.get(key);
    if (blob === null) return null;
    const entry = decodeEntry(blob.body ?? (await blob.bytes()));
    if (entry === null || entry.key !== key) return null;
    const { body, meta } = entry;
    return { meta, size: body.byteLength, tier: blob.tier, body, bytes: () => Promise.resolve(body) };
  }

  return {
    name: store.name,
    // Room for the head.
    maxBlobBytes: Math.max(0, maxBlobBytes - mebibyte),
    get: read,
    async put(key, body, meta) {
      const bytes = body instanceof Uint8Array ? body : await collect(body, maxBlobBytes);
      const facts = bytes === null ? {} : typeof meta === 'function' ? meta() : meta;
      await queue.run(key, () => (bytes === null ? store.delete(key) : write(key, bytes, facts)));
    },
    setMeta: (key, meta) =>
      queue.run(key, async () => {
        const blob = await read(key);
        if (blob !== null) await write(key, await blob.bytes(), meta);
      }),
    delete: (key) => queue.run(key, () => store.delete(key)),
    async close() {
      await queue.idle();
      await store.close();
    },
  };
}
