import { LRUCache } from 'lru-cache';
import { errorCatalogue, type PictorError } from '../core/errors.ts';

/**
 * Remembers failures for as long as the catalogue says, so that a broken image or a dead source is not tried again for
 * every request. Never a store: nothing here can be mistaken for a picture, and a restart forgets it.
 */
export interface FailureMemory {
  recall(key: string): PictorError | null;
  remember(key: string, error: PictorError): void;
}

const capacity = 10_000;

export function createFailureMemory(now: () => number): FailureMemory {
  const failures = new LRUCache<string, { error: PictorError; until: number }>({ max: capacity });
  return {
    recall(key) {
      const found = failures.get(key);
      if (found === undefined) return null;
      if (found.until > now()) return found.error;
      failures.delete(key);
      return null;
    },
    remember(key, error) {
      const { rememberSeconds } = errorCatalogue[error.code];
      if (rememberSeconds > 0) failures.set(key, { error, until: now() + rememberSeconds * 1000 });
    },
  };
}
