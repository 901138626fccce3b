import { asPictorError } from '../core/errors.ts';
import type { EmitEvent } from '../core/events.ts';
import type { BlobMeta, BlobStore } from '../core/ports.ts';
import { asRecord, type ReadBlob, readable, type Variant, type VariantRecord } from './variant-record.ts';

/** The variants of a store, with the writes that follow replies: nobody waits for those but `drain`. */
export interface KeptVariants {
  /** The variant with its bytes at hand. */
  find(key: string): Promise<ReadBlob | null>;
  /** The same, if it is in memory. */
  peek(key: string): { readonly record: VariantRecord; readonly body: Uint8Array } | null;
  /** One that was made of this version of its originals and is on its way to the store. */
  beingWritten(key: string, version: string): Variant | null;
  write(key: string, variant: Variant): void;
  /** Takes down that it is still good. */
  renew(key: string, record: VariantRecord): void;
  forget(key: string): void;
  /** Waits for everything that is under way. */
  drain(): Promise<void>;
}

export function createKeptVariants(store: BlobStore, emit: EmitEvent): KeptVariants {
  const writes = new Set<Promise<void>>();
  const underWay = new Map<string, Variant>();
  const nameOf = (key: string, version: string) => `${key}\n${version}`;

  function track(write: Promise<void>): void {
    const settled = write.catch((thrown: unknown) => {
      emit({
        type: 'store',
        store: store.name,
        what: 'write-failed',
        detail: asPictorError(thrown).detail ?? '',
      });
    });
    writes.add(settled);
    void settled.then(() => writes.delete(settled));
  }

  return {
    find: async (key) => readable(store.peek?.(key) ?? (await store.get(key))),
    peek(key) {
      const blob = store.peek?.(key) ?? null;
      return blob?.body === undefined ? null : { record: asRecord(blob.meta), body: blob.body };
    },
    beingWritten: (key, version) => underWay.get(nameOf(key, version)) ?? null,
    write(key, variant) {
      const { record, body } = variant;
      const name = nameOf(key, record.version);
      underWay.set(name, variant);
      const done = () => underWay.delete(name);
      track(store.put(key, body, record as unknown as BlobMeta).finally(done));
    },
    renew: (key, record) => track(store.setMeta(key, { ...record })),
    forget: (key) => track(store.delete(key)),
    async drain() {
      while (writes.size > 0) await Promise.all(writes);
    },
  };
}
