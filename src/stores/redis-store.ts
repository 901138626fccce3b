import type { Redis } from 'ioredis';
import type { EmitEvent } from '../core/events.ts';
import type { BlobMeta, BlobStore, StoredBlob } from '../core/ports.ts';
import { parseBlobMeta } from './blob-meta.ts';
import { collect } from './collect.ts';
import { checkKey } from './keys.ts';
import { createOwedDeletions } from './owed.ts';
import { parseRedisUrl } from './redis/address.ts';
import { createRedisLink } from './redis/link.ts';
import { createThrottledReport } from './throttled-report.ts';

/** Keys one command deletes when the server is back. */
const deletedAtOnce = 500;

export interface RedisStoreOptions {
  /** See `parseRedisUrl`. */
  readonly url: string;
  /** Before every key: servers that share a database and a prefix share their blobs. */
  readonly prefix: string;
  /** A blob goes so long after it was written; 0: when Redis decides. */
  readonly ttlSeconds: number;
  readonly maxBlobBytes: number;
  /** An answer that takes longer counts as none. */
  readonly timeoutSeconds: number;
  readonly emit: EmitEvent;
  /** Name in events and metrics. Default `redis`. */
  readonly name?: string;
}

/** Fields of the hash that is a blob: one round trip reads both, and the meta changes without the body. */
const metaField = 'm';
const bodyField = 'b';

/** HSET alone would make a blob without a body of a key that has just gone. */
const setMetaScript =
  "if redis.call('exists', KEYS[1]) == 1 then redis.call('hset', KEYS[1], 'm', ARGV[1]) end return 0";

/**
 * Keeps blobs in a Redis (or Valkey) that other processes may share. How much is kept is set there: `maxmemory` with
 * `maxmemory-policy allkeys-lru`.
 *
 * The server may be away at any time, also at the start. Then `get` misses at once, `setMeta` and `touch` do nothing, and
 * `put` and `delete` reject at once; what was to be deleted or replaced is deleted when it is back, before it is read.
 * @throws Error when the URL is none (settings are checked before)
 */
export function createRedisStore(options: RedisStoreOptions): BlobStore {
  const { prefix, maxBlobBytes, emit, name = 'redis' } = options;
  const address = parseRedisUrl(options.url);
  if (address === null) throw new Error('not the URL of a Redis');
  const owed = createOwedDeletions();
  const report = createThrottledReport(emit, name);
  const link = createRedisLink({
    address,
    name,
    timeoutMs: options.timeoutSeconds * 1000,
    emit,
    beforeUse: (client) => owed.pay(deletedAtOnce, (keys) => client.unlink(...keys)),
  });
  const redisKey = (key: string): string => {
    checkKey(key);
    return prefix + key;
  };

  async function write(key: string, task: (client: Redis) => Promise<unknown>): Promise<void> {
    try {
      await link.run(task);
    } catch (error) {
      owed.add(key);
      report('write-failed', error);
      throw error;
    }
  }

  const remove = (key: string): Promise<void> => write(key, (client) => client.unlink(key));

  async function keep(key: string, body: Uint8Array, meta: BlobMeta): Promise<void> {
    const fields = [metaField, JSON.stringify(meta), bodyField, asBuffer(body)] as const;
    const ttlMs = Math.ceil(options.ttlSeconds * 1000);
    await write(key, async (client) => {
      // Deleted first, so that neither an old time to live nor a value of another kind is in the way.
      const change = client
        .multi()
        .del(key)
        .hset(key, ...fields);
      if (ttlMs > 0) change.pexpire(key, ttlMs);
      for (const [error] of (await change.exec()) ?? []) if (error !== null) throw error;
    });
    owed.forget(key);
  }

  return {
    name,
    maxBlobBytes,
    async get(key) {
      const wanted = redisKey(key);
      if (!link.isUp()) return null;
      try {
        const [meta, body] = await link.run((client) => client.hmgetBuffer(wanted, metaField, bodyField));
        return blobOf(name, meta ?? null, body ?? null);
      } catch (error) {
        report('read-failed', error);
        return null;
      }
    },
    async put(key, body, meta) {
      const to = redisKey(key);
      const bytes = body instanceof Uint8Array ? body : await collect(body, maxBlobBytes);
      if (bytes === null || bytes.byteLength > maxBlobBytes) await remove(to);
      else await keep(to, bytes, typeof meta === 'function' ? meta() : meta);
    },
    async setMeta(key, meta) {
      const of = redisKey(key);
      if (link.isUp()) await write(of, (client) => client.eval(setMetaScript, 1, of, JSON.stringify(meta)));
    },
    delete: async (key) => remove(redisKey(key)),
    async touch(key) {
      const used = redisKey(key);
      if (link.isUp()) await link.run((client) => client.touch(used)).catch(() => {});
    },
    async *list(start) {
      const pattern = `${escapeGlob(prefix + start)}*`;
      const seen = new Set<string>();
      let cursor = '0';
      do {
        const [next, found] = await link.run((client) => client.scan(cursor, 'MATCH', pattern, 'COUNT', 500));
        cursor = next;
        // SCAN may name a key twice.
        for (const key of found.filter((each) => !seen.has(each))) {
          seen.add(key);
          yield key.slice(prefix.length);
        }
      } while (cursor !== '0');
    },
    close: link.close,
  };
}

/** What is no whole blob of ours counts as missing. */
function blobOf(tier: string, meta: Buffer | null, body: Buffer | null): StoredBlob | null {
  const facts = meta === null || body === null ? null : parseBlobMeta(meta);
  if (facts === null || body === null) return null;
  return { meta: facts, size: body.byteLength, tier, body, bytes: () => Promise.resolve(body) };
}

/** The client takes nothing but a Buffer for bytes; this is the same memory. */
const asBuffer = (bytes: Uint8Array): Buffer =>
  Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

const escapeGlob = (text: string): string => text.replace(/[\\*?[\]^-]/g, '\\$&');
