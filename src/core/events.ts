import type { ErrorCode } from './errors.ts';

/** Where the answer came from. */
export type CacheResult = 'hit' | 'stale' | 'revalidated' | 'miss' | 'bypass' | 'none';

/**
 * Everything the middle and the edge tell the outside. The log, the metrics and later webhooks and traces are listeners;
 * nothing below `app` writes a log line of its own.
 */
export type PictorEvent =
  | {
      readonly type: 'request';
      readonly id: string;
      readonly method: string;
      /** Raw request target, as received. */
      readonly target: string;
      readonly status: number;
      readonly mount: string;
      /** Body bytes handed to the socket. */
      readonly bytes: number;
      readonly ms: number;
      readonly cache: CacheResult;
      /** Which store answered a hit: 'memory', 'disk'. */
      readonly tier?: string;
      readonly client: string;
      readonly source?: string;
      readonly error?: ErrorCode;
      readonly detail?: string;
      /** True: a picture of the mount's own was sent in place of the one that `error` kept away. */
      readonly fallback?: boolean;
      /** True: asked so often that the log does not tell of it. */
      readonly quiet?: boolean;
      readonly timings?: RequestTimings;
    }
  | {
      readonly type: 'fetch';
      readonly source: string;
      readonly ms: number;
      readonly bytes: number;
      readonly outcome: 'found' | 'not-modified' | ErrorCode;
    }
  | {
      readonly type: 'transform';
      readonly from: string;
      readonly to: string;
      readonly decodeMs: number;
      readonly encodeMs: number;
      readonly bytes: number;
      readonly frames: number;
    }
  | {
      readonly type: 'worker';
      readonly what: 'started' | 'recycled' | 'crashed' | 'timeout' | 'memory';
      readonly pid: number;
      readonly detail?: string;
    }
  | {
      readonly type: 'store';
      readonly store: string;
      readonly what: 'write-failed' | 'read-failed' | 'evicted' | 'repaired';
      readonly detail?: string;
      readonly count?: number;
    }
  | {
      readonly type: 'notice';
      readonly level: 'info' | 'warn' | 'error';
      readonly message: string;
      readonly facts?: Readonly<Record<string, unknown>>;
    };

/** Milliseconds spent, per part of a request that was not a hit. */
export interface RequestTimings {
  readonly fetchWait?: number;
  readonly fetch?: number;
  readonly processWait?: number;
  readonly decode?: number;
  readonly encode?: number;
}

export type EmitEvent = (event: PictorEvent) => void;
