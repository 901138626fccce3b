import { LRUCache } from 'lru-cache';
import { type ErrorCode, errorCatalogue, PictorError } from '../core/errors.ts';

/**
 * Remembers failures for as long as the catalogue says, so that a broken image or a dead source is not tried again for
 * every request. Never a store: nothing here can be mistaken for a picture, and a restart forgets it.
 */
export interface FailureMemory {
  /** A new error each time: one that is shared would collect the stacks and notes of everybody who met it. */
  recall(key: string): PictorError | null;
  /** Takes note if the catalogue wants this failure remembered. */
  remember(key: string, error: PictorError): void;
}

/** What is kept of a failure: no cause and no stack, which hold on to sockets, buffers and whole requests. */
interface Failure {
  readonly code: ErrorCode;
  /** When it was met, epoch milliseconds. */
  readonly at: number;
  readonly detail?: string;
  readonly upstreamStatus?: number;
  readonly retryAfterSeconds?: number;
}

/** In bytes, because URLs may be long. */
const mostBytes = 8 * 1024 * 1024;
const longestDetail = 500;
/** About what an entry takes besides its texts. */
const entryBytes = 256;

export function createFailureMemory(now: () => number): FailureMemory {
  const failures = new LRUCache<string, Failure>({
    maxSize: mostBytes,
    sizeCalculation: ({ detail = '' }, key) => entryBytes + 2 * (key.length + detail.length),
  });
  return {
    recall(key) {
      const failure = failures.get(key);
      if (failure === undefined) return null;
      const age = now() - failure.at;
      // From the future: the clock was ahead when it was met, so nobody knows how old it is.
      if (age >= 0 && age < errorCatalogue[failure.code].rememberSeconds * 1000) return errorOf(failure);
      failures.delete(key);
      return null;
    },
    remember(key, error) {
      if (errorCatalogue[error.code].rememberSeconds > 0) failures.set(key, failureOf(error, now()));
    },
  };
}

function failureOf({ code, detail, upstreamStatus, retryAfterSeconds }: PictorError, at: number): Failure {
  return {
    code,
    at,
    // By way of bytes: a slice would keep the whole text it was cut from.
    ...(detail === undefined ? {} : { detail: Buffer.from(detail.slice(0, longestDetail)).toString() }),
    ...(upstreamStatus === undefined ? {} : { upstreamStatus }),
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
  };
}

function errorOf({ code, at: _, ...options }: Failure): PictorError {
  return new PictorError(code, options);
}
