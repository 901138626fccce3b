import { LRUCache } from 'lru-cache';
import type { ImageDelivery } from './mount-replies.ts';

/** A URL that was answered a moment ago: parsed, authorised and with its headers written. */
export interface KnownUrl {
  readonly facts: Omit<ImageDelivery, 'requestId' | 'now'>;
  /** Flat list with Content-Length; the request id goes to `idAt`. */
  readonly headers: readonly string[];
  readonly idAt: number;
  /** Epoch milliseconds after which the long way is taken again. */
  readonly until: number;
}

/**
 * The URLs of one mount that were answered lately. A repeated request is then answered without parsing, signing or
 * hashing; the bytes themselves stay in the variant store, so nothing is kept alive here. Found by everything the answer
 * depended on: the raw target, and `Accept` where the grammar looked at it.
 */
export interface KnownUrls {
  find(target: string, accept: string | undefined): KnownUrl | undefined;
  keep(target: string, accept: string | undefined, entry: KnownUrl): void;
}

/** Longer ones are answered the long way: they are rare, and anyone can make them up. */
const longestTarget = 2048;
const longestAccept = 512;
const maxBytes = 16 * 1024 * 1024;
/** Objects around the text of an entry, roughly. */
const entryBytes = 1024;

export function createKnownUrls(): KnownUrls {
  const entries = new LRUCache<string, KnownUrl | 'by accept'>({
    maxSize: maxBytes,
    sizeCalculation: (entry, key) =>
      entryBytes +
      2 * key.length +
      (entry === 'by accept' ? 0 : 2 * entry.headers.reduce((sum, text) => sum + text.length, 0)),
  });
  const keyFor = (target: string, accept: string | undefined) => `${target}\n${accept ?? ''}`;

  return {
    find(target, accept) {
      const entry = entries.get(target);
      if (entry !== 'by accept') return entry;
      const chosen = entries.get(keyFor(target, accept));
      return chosen === 'by accept' ? undefined : chosen;
    },
    keep(target, accept, entry) {
      if (target.length > longestTarget) return;
      if (entry.facts.delivery.vary.length === 0) {
        entries.set(target, entry);
      } else if ((accept?.length ?? 0) <= longestAccept) {
        entries.set(target, 'by accept');
        entries.set(keyFor(target, accept), entry);
      }
    },
  };
}
