import { createHash } from 'node:crypto';

/** One answer of a source on its way to us. */
export interface Transfer {
  /** For the source: aborted with the request's, or by `giveUp`. */
  readonly signal: AbortSignal;
  /**
   * Nobody will read the rest. A body that was never begun cannot be closed by its reader: without this it would hold
   * its connection until the time limit.
   */
  giveUp(): void;
}

export function startTransfer(signal: AbortSignal): Transfer {
  const controller = new AbortController();
  return {
    signal: AbortSignal.any([signal, controller.signal]),
    giveUp: () => controller.abort(),
  };
}

/** A body that is counted and digested as it passes. */
export interface WatchedBody {
  readonly stream: AsyncIterable<Uint8Array>;
  /** Whether anybody has asked for the first chunk. */
  readonly begun: () => boolean;
  /** SHA-256 in hex of all that has passed: the original's version, it survives restarts and replicas. */
  readonly digest: () => string;
  readonly bytes: () => number;
}

export function watchBody(stream: AsyncIterable<Uint8Array>): WatchedBody {
  const hash = createHash('sha256');
  let total = 0;
  let text: string | undefined;
  let begun = false;
  return {
    stream: (async function* () {
      begun = true;
      for await (const chunk of stream) {
        hash.update(chunk);
        total += chunk.length;
        yield chunk;
      }
    })(),
    begun: () => begun,
    digest: () => (text ??= hash.digest('hex')),
    bytes: () => total,
  };
}
