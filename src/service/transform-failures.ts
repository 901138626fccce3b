import type { ErrorCode, PictorError } from '../core/errors.ts';
import { createGate, type Gate } from '../lib/gate.ts';
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
  /**
   * Where variants of a picture take turns because two of them took too long lately: it may be the picture, each variant of
   * which would hold a worker up to the time limit, and it may have been those two. Null: nothing speaks against it.
   */
  turns(name: TransformName): Gate | null;
}

/** Nothing that can be read: no other variant of these bytes needs to try. (Limits may depend on the variant.) */
const ofThePicture: ReadonlySet<ErrorCode> = new Set(['IMAGE_UNKNOWN', 'IMAGE_BROKEN']);
/** A worker can be killed by others, for others: only a variant that brings it down twice is to blame. */
const forgivenOnce: ReadonlySet<ErrorCode> = new Set(['WORKER_CRASHED', 'WORKER_MEMORY']);
const noteMs = 60_000;
const mostNotes = 1000;
/** Variants that wait for a picture that may be slow; more are told that the server is busy. */
const mostWaiting = 50;

export function createTransformFailures(now: () => number): TransformFailures {
  const failures = createFailureMemory(now);
  const crashed = createRecentNotes(now);
  const slow = createRecentNotes(now);
  const suspects = createRecentNotes(now);
  const gates = createLastUsed<Gate>(mostNotes);

  function turns({ originals }: TransformName): Gate | null {
    if (suspects.recall(originals) === null) return null;
    const gate = gates.get(originals) ?? createGate({ width: 1, queue: mostWaiting });
    gates.set(originals, gate);
    return gate;
  }

  return {
    turns,
    recall: ({ key, originals }) => failures.recall(originals) ?? failures.recall(`${key}\n${originals}`),
    remember({ key, originals }, error) {
      if (ofThePicture.has(error.code)) return failures.remember(originals, error);
      const variant = `${key}\n${originals}`;
      if (forgivenOnce.has(error.code) && crashed.exchange(variant, variant) === null) return;
      failures.remember(variant, error);
      if (error.code !== 'TIMEOUT') return;
      const other = slow.exchange(originals, key);
      if (other !== null && other !== key) suspects.exchange(originals, key);
    },
  };
}

/** Notes that are good for a minute. */
function createRecentNotes(now: () => number) {
  const notes = createLastUsed<{ readonly at: number; readonly text: string }>(mostNotes);
  /** The note of the last minute, or null. */
  function recall(name: string): string | null {
    const note = notes.get(name);
    return note !== undefined && Math.abs(now() - note.at) < noteMs ? note.text : null;
  }
  return {
    recall,
    /** Writes a note; gives back the one of the last minute that was there, or null. */
    exchange(name: string, text: string): string | null {
      const before = recall(name);
      notes.set(name, { at: now(), text });
      return before;
    },
  };
}
