import { LRUCache } from 'lru-cache';
import type { ImageDelivery } from './mount-replies.ts';

/** A URL that was answered a moment ago: parsed, authorised and with its headers written. */
export interface KnownUrl {
  readonly facts: Omit<ImageDelivery, 'requestId' | 'now'>;
  /** Flat list with Content-Length; the request id goes to `idAt`. */
  readonly headers: readonly string[];
  readonly idAt: number;
  /** Epoch milliseconds after which the long way is taken again, */
  readonly until: number;
  /** … and the same by `performance.now()`: a clock that is set back must not make an answer good for longer. */
  readonly steadyUntil: number;
}

/** Whether it may still be repeated. Both clocks are asked: the steady one may stand still while a machine sleeps. */
export const isStillGood = ({ until, steadyUntil }: KnownUrl, steadyNow: number): boolean =>
  steadyUntil > steadyNow && until > Date.now();

/**
 * The URLs of one mount that were answered lately. A repeated request is then answered without parsing, signing or
 * hashing; the bytes themselves stay in the variant store, so nothing is kept alive here. Found by everything the answer
 * depended on: the raw target, and the headers that had a choice (`Accept`, client hints) where there was one.
 */
export interface KnownUrls {
  find(target: string, choice: string | undefined): KnownUrl | undefined;
  keep(target: string, choice: string | undefined, entry: KnownUrl): void;
}

/** Longer ones are answered the long way: they are rare, and anyone can make them up. */
const longestTarget = 2048;
const longestChoice = 512;
const maxBytes = 16 * 1024 * 1024;
/** Objects around the text of an entry, roughly. */
const entryBytes = 1024;

export function createKnownUrls(): KnownUrls {
  const entries = new LRUCache<string, KnownUrl | 'by choice'>({
    maxSize: maxBytes,
    sizeCalculation: (entry, key) =>
      entryBytes +
      2 * key.length +
      (entry === 'by choice' ? 0 : 2 * entry.headers.reduce((sum, text) => sum + text.length, 0)),
  });
  const keyFor = (target: string, choice: string | undefined) => `${target}\n${choice ?? ''}`;

  return {
    find(target, choice) {
      const entry = entries.get(target);
      if (entry !== 'by choice') return entry;
      const chosen = entries.get(keyFor(target, choice));
      return chosen === 'by choice' ? undefined : chosen;
    },
    keep(target, choice, entry) {
      if (target.length > longestTarget) return;
      if (entry.facts.delivery.vary.length === 0) {
        entries.set(target, entry);
      } else if ((choice?.length ?? 0) <= longestChoice) {
        entries.set(target, 'by choice');
        entries.set(keyFor(target, choice), entry);
      }
    },
  };
}
