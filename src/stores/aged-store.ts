import type { BlobMeta, BlobStore, StoredBlob } from '../core/ports.ts';

export interface AgedStoreOptions {
  /** Seconds after which a blob counts as missing, whatever its use. More than 0. */
  readonly maxAgeSeconds: number;
  /** Milliseconds of a clock that nobody sets; for tests. */
  readonly now?: () => number;
}

/** Where the time of writing stands among the facts. Those of one process alone count: its clock has no epoch. */
const mark = 'writtenAt';

/**
 * The same store with blobs that age: from so long after it was written (or its facts were) a blob counts as missing. It
 * takes up room until something is put in its place or the store needs it. For stores that end with the process.
 */
export function createAgedStore(store: BlobStore, options: AgedStoreOptions): BlobStore {
  const { maxAgeSeconds, now = () => performance.now() } = options;
  const marked = (meta: BlobMeta): BlobMeta => ({ ...meta, [mark]: now() });
  const young = (blob: StoredBlob | null): StoredBlob | null => {
    if (blob === null) return null;
    const { [mark]: writtenAt, ...meta } = blob.meta;
    return typeof writtenAt === 'number' && now() - writtenAt < maxAgeSeconds * 1000
      ? { ...blob, meta }
      : null;
  };
  const { peek, ...rest } = store;
  return {
    ...rest,
    ...(peek === undefined ? {} : { peek: (key: string) => young(peek(key)) }),
    get: async (key) => young(await store.get(key)),
    put: (key, body, meta) =>
      store.put(key, body, typeof meta === 'function' ? () => marked(meta()) : marked(meta)),
    async setMeta(key, meta) {
      // An old one does not become young again.
      if (young(await store.get(key)) !== null) await store.setMeta(key, marked(meta));
    },
  };
}
