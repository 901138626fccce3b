import type { ErrorCode } from './errors.ts';

/** Where the answer came from. */
export type CacheResult = 'hit' | 'stale' | 'revalidated' | 'miss' | 'bypass' | 'none';

/**
 * What is done when there is time: reduced copies of originals; pictures in formats that took too long for the request
 * that wanted them; and pictures encoded once more, with more effort.
 */
export type IdleWorkName = 'mezzanine' | 'slow-format' | 're-encode';

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
      /** How much it concerns the operator, where that is not what the catalogue says of `error`. */
      readonly level?: 'info' | 'warn';
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
      /** True: it was a file of this machine already. */
      readonly local?: boolean;
    }
  | {
      readonly type: 'transform';
      readonly from: string;
      readonly to: string;
      /** Milliseconds. All of it where `encodeMs` is 0: decoding, resizing and encoding then ran as one stream of rows. */
      readonly decodeMs: number;
      readonly encodeMs: number;
      readonly bytes: number;
      readonly frames: number;
      /** True: made of the mezzanine of its original. */
      readonly reused?: true;
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
      /** An upload has ended, one way or the other. */
      readonly type: 'upload';
      readonly mount: string;
      readonly bucket: string;
      readonly ms: number;
      /** Absent: it failed, or there was nothing of the kind. */
      readonly stored?: UploadedOriginal;
      readonly error?: ErrorCode;
    }
  | {
      /** A variant that was asked for by name: made and kept, there already, or not to be had. */
      readonly type: 'variant';
      readonly mount: string;
      readonly bucket: string;
      /** Key of its original. */
      readonly original: string;
      readonly outcome: 'made' | 'present' | 'failed';
      readonly filename: string;
      readonly format: string;
      readonly quality: number;
      /** Of the picture that was made; 0 otherwise. */
      readonly width: number;
      readonly height: number;
    }
  | {
      /** All variants of one call are there. */
      readonly type: 'variants-ready';
      readonly mount: string;
      readonly bucket: string;
      readonly original: string;
      /** URL the original was taken from, if any. */
      readonly from?: string;
      /** How many of them had to be made. Absent: nobody counted. */
      readonly made?: number;
    }
  | {
      /** What became of telling somebody of an event. */
      readonly type: 'webhook';
      readonly mount: string;
      /** Name of what is told: `image.uploaded`. */
      readonly event: string;
      /**
       * Told; tried in vain, and tried again; given up after all attempts; or never tried, because too much waits or the
       * outbox cannot be written.
       */
      readonly what: 'delivered' | 'postponed' | 'failed' | 'dropped';
      /** How often it was tried. */
      readonly attempts: number;
      readonly detail?: string;
    }
  | {
      /** What became of a piece of work that nobody waits for. */
      readonly type: 'idle';
      readonly work: IdleWorkName;
      /** Put into the line; done; left out because the line is full; or tried in vain. */
      readonly what: 'queued' | 'done' | 'dropped' | 'failed';
      readonly detail?: string;
    }
  | {
      readonly type: 'notice';
      readonly level: 'info' | 'warn' | 'error';
      readonly message: string;
      readonly facts?: Readonly<Record<string, unknown>>;
    };

/** An original that has just become durable. */
export interface UploadedOriginal {
  readonly key: string;
  /** Hexadecimal MD5 of the bytes as received. */
  readonly md5: string;
  readonly mediaType: string;
  readonly width: number;
  readonly height: number;
}

/** Milliseconds spent, per part of a request that was not a hit. */
export interface RequestTimings {
  readonly fetchWait?: number;
  readonly fetch?: number;
  readonly processWait?: number;
  /** Decoding, resizing and encoding as one stream of rows, as most pictures are made; */
  readonly transform?: number;
  /** … else those two apart. */
  readonly decode?: number;
  readonly encode?: number;
}

export type EmitEvent = (event: PictorEvent) => void;
