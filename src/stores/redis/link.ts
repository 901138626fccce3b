import { Redis, ReplyError } from 'ioredis';
import { PictorError } from '../../core/errors.ts';
import type { EmitEvent } from '../../core/events.ts';
import type { RedisAddress } from './address.ts';

export interface RedisLinkOptions {
  readonly address: RedisAddress;
  /** Name of the store, for events. */
  readonly name: string;
  /** A command without an answer for so long means that the server is gone. */
  readonly timeoutMs: number;
  readonly emit: EmitEvent;
  /** Work to be done on a new connection before anybody else may use it. */
  readonly beforeUse: (client: Redis) => Promise<unknown>;
}

/** One connection that never makes anybody wait: while it is down, everything fails at once. */
export interface RedisLink {
  /** False while the server cannot be used: then `run` would fail at once. */
  isUp(): boolean;
  /** @throws PictorError STORE_FAILED */
  run<T>(send: (client: Redis) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** Pauses between attempts to connect, milliseconds: doubled from the first to the last. */
const firstPause = 50;
const longestPause = 2000;
/** For the words that open a connection, which nobody waits for. */
const handshakeMs = 5000;

/**
 * Keeps a connection to a Redis. Trouble is told once when it begins and once when it is over, not once per request.
 *
 * A server that hangs looks like a connection that works: so the first answer that does not come in time ends the
 * connection, and it is not used again before the server has answered on a new one.
 */
export function createRedisLink(options: RedisLinkOptions): RedisLink {
  const { address, name, timeoutMs, emit, beforeUse } = options;
  let up = false;
  let closed = false;
  let downSince: number | null = null;
  let lastError = 'no connection';

  const client = new Redis({
    ...address.options,
    protocol: 2,
    connectionName: 'pictor',
    disableClientInfo: true,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    connectTimeout: Math.max(timeoutMs, 1000),
    commandTimeout: Math.max(timeoutMs, handshakeMs),
    disconnectTimeout: 100,
    retryStrategy: (attempt) => Math.min(firstPause * 2 ** (attempt - 1), longestPause),
  });

  function goDown(): void {
    up = false;
    if (closed || downSince !== null) return;
    downSince = performance.now();
    const facts = { store: name, server: address.shown, detail: lastError };
    emit({ type: 'notice', level: 'warn', message: 'a cache cannot be reached; going on without it', facts });
  }

  function comeUp(): void {
    up = true;
    if (downSince === null) return;
    const seconds = Math.round((performance.now() - downSince) / 1000);
    downSince = null;
    const facts = { store: name, server: address.shown, seconds };
    emit({ type: 'notice', level: 'info', message: 'a cache is back', facts });
  }

  /** Ends a connection that may hang; the client makes a new one by itself. */
  function renew(reason: string): void {
    if (!up) return;
    lastError = reason;
    goDown();
    client.disconnect(true);
  }

  client.on('error', (error: Error) => {
    lastError = error.message;
    goDown();
  });
  client.on('close', goDown);
  client.on('ready', () => {
    void beforeUse(client).then(comeUp, (error: unknown) => {
      lastError = messageOf(error);
      goDown();
      client.disconnect(true);
    });
  });

  return {
    isUp: () => up,
    async run(send) {
      if (!up) throw failure(`${address.shown} cannot be reached`);
      const late = `${address.shown} did not answer within ${timeoutMs} ms`;
      try {
        return await inTime(send(client), timeoutMs, () => renew(late));
      } catch (error) {
        if (!(error instanceof ReplyError) && !(error instanceof Late)) renew(messageOf(error));
        throw failure(error instanceof Late ? late : `${address.shown}: ${messageOf(error)}`, error);
      }
    },
    async close() {
      closed = true;
      up = false;
      client.disconnect();
    },
  };
}

class Late extends Error {}

/**
 * The answer, or `Late`. When the process was too busy to look, the time is over although the answer has arrived: so it
 * is looked for once more before the server is blamed.
 */
function inTime<T>(answer: Promise<T>, ms: number, onLate: () => void): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    let settled = false;
    const giveUp = () => {
      if (settled) return;
      reject(new Late());
      onLate();
    };
    const timer = setTimeout(() => setImmediate(giveUp), ms);
    const settle = () => {
      settled = true;
      clearTimeout(timer);
    };
    answer.then(
      (value) => {
        settle();
        resolve(value);
      },
      (error: unknown) => {
        settle();
        reject(error);
      },
    );
  });
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

const failure = (detail: string, cause?: unknown): PictorError =>
  new PictorError('STORE_FAILED', cause === undefined ? { detail } : { detail, cause });
