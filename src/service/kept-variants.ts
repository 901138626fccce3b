import { asPictorError } from '../core/errors.ts';
import type { EmitEvent } from '../core/events.ts';
import type { BlobMeta, BlobStore } from '../core/ports.ts';
import { createLastUsed } from '../lib/last-used.ts';
import type { PurgeMarks } from './purge-marks.ts';
import { asRecord, type ReadBlob, readable, type Variant, type VariantRecord } from './variant-record.ts';

/** The variants of a store, with the writes that follow replies: nobody waits for those but `drain`. */
export interface KeptVariants {
  /** The variant with its bytes at hand. */
  find(key: string): Promise<ReadBlob | null>;
  /** Said before a look: what has been written until now. */
  writes(): number;
  /** Whether a look may find what one did not that began at `writes`. */
  mayHaveCome(key: string, writes: number): boolean;
  /** The same, if it is in memory. */
  peek(key: string): { readonly record: VariantRecord; readonly body: Uint8Array } | null;
  /** One that was made of this version of its originals and is on its way to the store. */
  beingWritten(key: string, version: string): Variant | null;
  write(key: string, variant: Variant): void;
  /** Settles when nothing is on its way to the store under the key. Never rejects. */
  written(key: string): Promise<void>;
  /** Takes down that it is still good. */
  renew(key: string, record: VariantRecord): void;
  forget(key: string): void;
  /** Waits for everything that is under way. */
  drain(): Promise<void>;
}

export interface KeptVariantsParts {
  readonly variants: BlobStore;
  readonly purges: Pick<PurgeMarks, 'isGone'>;
  /** True: other processes that take turns with this one write to it too. */
  readonly isShared?: boolean;
  readonly emit: EmitEvent;
}

/** Those that may have been made while somebody was on the way to the sources. */
const rememberedWrites = 10_000;

/** Those that were purged are missing. */
export function createKeptVariants(parts: KeptVariantsParts): KeptVariants {
  const { variants: store, purges, emit } = parts;
  const writes = new Set<Promise<void>>();
  const numbers = createLastUsed<number>(rememberedWrites);
  let written = 0;
  const underWay = new Map<string, Variant>();
  /** The last write of each key. */
  const latest = new Map<string, Promise<void>>();
  const nameOf = (key: string, version: string) => `${key}\n${version}`;

  const isGone = ({ sources }: VariantRecord): boolean => purges.isGone(sources);

  /** Purged while it was written: a look through the store may have passed it by. */
  async function undone(key: string, record: VariantRecord): Promise<void> {
    if (isGone(record)) await store.delete(key);
  }

  function track(key: string, write: Promise<void>): void {
    const settled = write.catch((thrown: unknown) => {
      emit({
        type: 'store',
        store: store.name,
        what: 'write-failed',
        detail: asPictorError(thrown).detail ?? '',
      });
    });
    writes.add(settled);
    latest.set(key, settled);
    void settled.then(() => {
      writes.delete(settled);
      if (latest.get(key) === settled) latest.delete(key);
    });
  }

  return {
    async find(key) {
      const found = await readable(store.peek?.(key) ?? (await store.get(key)));
      return found === null || isGone(asRecord(found.meta)) ? null : found;
    },
    writes: () => written,
    mayHaveCome: (key, before) => parts.isShared === true || (numbers.get(key) ?? 0) > before,
    peek(key) {
      const blob = store.peek?.(key) ?? null;
      if (blob?.body === undefined) return null;
      const record = asRecord(blob.meta);
      return isGone(record) ? null : { record, body: blob.body };
    },
    beingWritten(key, version) {
      const found = underWay.get(nameOf(key, version)) ?? null;
      return found === null || isGone(found.record) ? null : found;
    },
    write(key, variant) {
      const { record, body } = variant;
      if (isGone(record)) return;
      written += 1;
      numbers.set(key, written);
      const name = nameOf(key, record.version);
      underWay.set(name, variant);
      const done = () => {
        if (underWay.get(name) === variant) underWay.delete(name);
      };
      track(
        key,
        store
          .put(key, body, record as unknown as BlobMeta)
          .then(() => undone(key, record))
          .finally(done),
      );
    },
    renew: (key, record) => track(key, store.setMeta(key, { ...record })),
    forget: (key) => track(key, store.delete(key)),
    async written(key) {
      await latest.get(key);
    },
    async drain() {
      while (writes.size > 0) await Promise.all(writes);
    },
  };
}
