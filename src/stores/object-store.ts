import { PictorError } from '../core/errors.ts';
import type { EmitEvent } from '../core/events.ts';
import type { BlobMeta, BlobStore, StoredBlob } from '../core/ports.ts';
import { createKeyedQueue } from '../lib/keyed-queue.ts';
import { collect } from './collect.ts';
import { decodeEntry, encodeEntry } from './http-entry.ts';
import { checkKey } from './keys.ts';
import { createObjectLink } from './objects/link.ts';
import { createOwedDeletions } from './owed.ts';
import { createThrottledReport } from './throttled-report.ts';

/** What a service that keeps objects is asked for. What it refuses throws `Refused`, everything else that went wrong anything. */
export interface ObjectClient {
  /** The whole object; null: there is none, or it is longer than `maxBytes`. */
  read(
    path: string,
    options: { readonly maxBytes: number; readonly signal: AbortSignal },
  ): Promise<Uint8Array | null>;
  /** Replaces an object, or makes it: as a whole or not at all. */
  write(path: string, bytes: Uint8Array, signal: AbortSignal): Promise<void>;
  /** Also when there is none. */
  remove(path: string, signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

export interface ObjectStoreOptions {
  readonly client: ObjectClient;
  /** Name in events and metrics. */
  readonly name: string;
  /** Bucket or container, for events. */
  readonly place: string;
  readonly pathOf: (key: string) => string;
  /** For a look-up with its whole body. */
  readonly readSeconds: number;
  readonly writeSeconds: number;
  readonly maxBlobBytes: number;
  readonly emit: EmitEvent;
}

const mebibyte = 1024 * 1024;

/**
 * Keeps blobs as objects, each a whole HTTP response with its facts in the head (http-entry.ts). How much is kept is set at
 * the service, by a lifecycle rule.
 *
 * The service may be away at any time, also at the start. Then `get` misses, `setMeta` does nothing and `put` and `delete`
 * reject, all at once; what was to be deleted or replaced is deleted when it is back, before it is read.
 */
export function createObjectStore(options: ObjectStoreOptions): BlobStore {
  const { client, name, place, readSeconds, writeSeconds, maxBlobBytes, emit } = options;
  const queue = createKeyedQueue();
  const report = createThrottledReport(emit, name);
  const owed = createOwedDeletions();
  const link = createObjectLink({
    name,
    place,
    emit,
    probeSeconds: readSeconds,
    async probe(signal) {
      await client.read(options.pathOf('pictor-probe'), { maxBytes: 0, signal });
      await owed.pay(1, ([path]) => client.remove(path!, signal));
    },
  });

  const placeOf = (key: string): string => {
    checkKey(key);
    return options.pathOf(key);
  };

  /** What was there before a change that failed must not be read again. */
  async function change(path: string, send: (signal: AbortSignal) => Promise<void>): Promise<void> {
    const wasUp = link.isUp();
    try {
      await link.run(writeSeconds, send);
    } catch (thrown) {
      owed.add(path);
      if (wasUp) report('write-failed', thrown);
      throw thrown;
    }
  }

  const remove = (path: string): Promise<void> => change(path, (signal) => client.remove(path, signal));

  async function write(path: string, key: string, body: Uint8Array, meta: BlobMeta): Promise<void> {
    await change(path, (signal) => client.write(path, encodeEntry(key, meta, body), signal));
    owed.forget(path);
  }

  async function read(path: string, key: string): Promise<StoredBlob | null> {
    if (!link.isUp() || owed.has(path)) return null;
    try {
      const bytes = await link.run(readSeconds, (signal) =>
        client.read(path, { maxBytes: maxBlobBytes + 2 * mebibyte, signal }),
      );
      const entry = bytes === null ? null : decodeEntry(bytes);
      if (entry === null || entry.key !== key) return null;
      const { meta, body } = entry;
      return { meta, size: body.byteLength, tier: name, body, bytes: () => Promise.resolve(body) };
    } catch (thrown) {
      if (!(thrown instanceof PictorError)) throw thrown;
      report('read-failed', thrown);
      return null;
    }
  }

  return {
    name,
    maxBlobBytes,
    get: async (key) => read(placeOf(key), key),
    async put(key, body, meta) {
      const path = placeOf(key);
      const bytes = body instanceof Uint8Array ? body : await collect(body, maxBlobBytes);
      if (bytes === null || bytes.byteLength > maxBlobBytes) return queue.run(path, () => remove(path));
      const facts = typeof meta === 'function' ? meta() : meta;
      return queue.run(path, () => write(path, key, bytes, facts));
    },
    async setMeta(key, meta) {
      const path = placeOf(key);
      await queue.run(path, async () => {
        const blob = await read(path, key);
        if (blob !== null) await write(path, key, await blob.bytes(), meta);
      });
    },
    async delete(key) {
      const path = placeOf(key);
      await queue.run(path, () => remove(path));
    },
    async close() {
      await queue.idle();
      await link.close();
      await client.close();
    },
  };
}
