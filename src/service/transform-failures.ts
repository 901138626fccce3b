import type { ErrorCode, PictorError } from '../core/errors.ts';
import { createLastUsed } from '../lib/last-used.ts';
import { createFailureMemory } from './failure-memory.ts';

/** Names a transform: which variant, of which originals. */
export interface TransformName {
  /** The variant's key. */
  readonly key: string;
  /** URIs and versions of the originals. */
  readonly originals: string;
}

/**
 * What is known of transforms that failed. Some failures are the picture's own, whatever is asked of it; some may have
 * been nobody's fault, and count only when they come back.
 */
export interface TransformFailures {
  recall(name: TransformName): PictorError | null;
  remember(name: TransformName, error: PictorError): void;
}

/** Nothing that can be read: no other variant of these bytes needs to try. (Limits may depend on the variant.) */
const ofThePicture: ReadonlySet<ErrorCode> = new Set(['IMAGE_UNKNOWN', 'IMAGE_BROKEN']);
/** A worker can be killed by others, for others: only a variant that brings it down twice is to blame. */
const forgivenOnce: ReadonlySet<ErrorCode> = new Set(['WORKER_CRASHED', 'WORKER_MEMORY']);
const noteMs = 60_000;
const mostNotes = 1000;

export function createTransformFailures(now: () => number): TransformFailures {
  const failures = createFailureMemory(now);
  const crashed = createRecentNotes(now);
  const slow = createRecentNotes(now);
  return {
    recall: ({ key, originals }) => failures.recall(originals) ?? failures.recall(`${key}\n${originals}`),
    remember({ key, originals }, error) {
      if (ofThePicture.has(error.code)) return failures.remember(originals, error);
      const variant = `${key}\n${originals}`;
      if (forgivenOnce.has(error.code) && crashed.exchange(variant, variant) === null) return;
      failures.remember(variant, error);
      if (error.code !== 'TIMEOUT') return;
      // Slow in two ways, it is slow in all of them; each of them would hold a worker up to the time limit.
      const other = slow.exchange(originals, key);
      if (other !== null && other !== key) failures.remember(originals, error);
    },
  };
}

/** Notes that are good for a minute. */
function createRecentNotes(now: () => number) {
  const notes = createLastUsed<{ readonly at: number; readonly text: string }>(mostNotes);
  return {
    /** Writes a note; gives back the one of the last minute that was there, or null. */
    exchange(name: string, text: string): string | null {
      const before = notes.get(name);
      notes.set(name, { at: now(), text });
      return before !== undefined && Math.abs(now() - before.at) < noteMs ? before.text : null;
    },
  };
}
