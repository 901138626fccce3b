import { createLastUsed } from '../lib/last-used.ts';
import { isFresh } from './freshness.ts';
import type { Asking, Fetched, OriginalsParts } from './held-original.ts';
import { suits } from './held-original.ts';

const mostFiles = 4096;

/**
 * Originals that are files of their source's own. They are never copied, so no store remembers them; this does for the few
 * seconds they are trusted, so that a burst of requests for one file does not look at it once each.
 */
export interface OwnFiles {
  /** Null when nothing is known any more. */
  recall(key: string, asking: Asking): Fetched | null;
  remember(key: string, original: Fetched): void;
}

export function createOwnFiles({ now, purges }: Pick<OriginalsParts, 'now' | 'purges'>): OwnFiles {
  const files = createLastUsed<Fetched>(mostFiles);
  return {
    recall(key, asking) {
      const file = files.get(key);
      if (file === undefined) return null;
      if (isFresh(file.freshness, now()) && !purges.isGone([file])) return suits(file, asking) ? file : null;
      files.delete(key);
      return null;
    },
    remember(key, original) {
      if (original.isOwnFile === true) files.set(key, original);
    },
  };
}
