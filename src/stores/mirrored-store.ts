import { createReadStream } from 'node:fs';
import type { BlobStore, StoredBlob } from '../core/ports.ts';
import { createKeyedQueue } from '../lib/keyed-queue.ts';

/**
 * A store that workers can read files from, with another one behind it that survives or is shared. What is put is at hand
 * as soon as the near store has it; the far one is written to behind that, from the near one's file, and a failure there
 * is its own to report. What only the far store has is brought near when it is asked for.
 */
export function createMirroredStore(near: BlobStore, far: BlobStore): BlobStore {
  const queue = createKeyedQueue();
  const writes = new Set<Promise<void>>();

  function behind(key: string, task: () => Promise<void>): void {
    const write = queue.run(key, task).catch(() => {});
    writes.add(write);
    void write.then(() => writes.delete(write));
  }

  async function copy(key: string): Promise<void> {
    const blob = await near.get(key);
    // Forgotten already, or never kept: what the far store has under this key is older.
    if (blob === null) return far.delete(key);
    await far.put(key, blob.path === undefined ? await blob.bytes() : createReadStream(blob.path), blob.meta);
  }

  async function bringNear(key: string): Promise<StoredBlob | null> {
    const blob = await far.get(key);
    if (blob === null) return null;
    const bytes = await blob.bytes();
    // A full disk does not make it worse: the bytes are here.
    await near.put(key, bytes, blob.meta).catch(() => {});
    return (await near.get(key)) ?? { ...blob, body: bytes, bytes: () => Promise.resolve(bytes) };
  }

  return {
    name: near.name,
    ...(near.maxBlobBytes === undefined ? {} : { maxBlobBytes: near.maxBlobBytes }),
    async get(key) {
      const found = await near.get(key);
      return found ?? queue.run(key, async () => (await near.get(key)) ?? bringNear(key));
    },
    async put(key, body, meta) {
      await near.put(key, body, meta);
      behind(key, () => copy(key));
    },
    written: (key) => queue.run(key, async () => {}),
    async setMeta(key, meta) {
      await near.setMeta(key, meta);
      behind(key, () => far.setMeta(key, meta));
    },
    async delete(key) {
      await near.delete(key);
      await queue.run(key, () => far.delete(key));
    },
    async erase(key) {
      await (near.erase ?? near.delete)(key);
      await queue.run(key, () => (far.erase ?? far.delete)(key));
    },
    async touch(key) {
      await near.touch?.(key);
    },
    async close() {
      while (writes.size > 0) await Promise.all(writes);
      await queue.idle();
      await Promise.all([near.close(), far.close()]);
    },
  };
}
