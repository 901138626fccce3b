import { randomBytes } from 'node:crypto';
import { open, readFile, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { PictorError } from '../core/errors.ts';
import type { EmitEvent } from '../core/events.ts';
import type { BlobMeta, BlobStore, StoredBlob } from '../core/ports.ts';
import {
  describeFailure,
  fileMode,
  isMissing,
  makeDirectory,
  moveInto,
  removeFile,
  stampFile,
} from '../disk/files.ts';
import { createKeyedQueue } from '../lib/keyed-queue.ts';
import { decodeEntry, encodeHead, type HttpEntry } from './http-entry.ts';
import { createFolderBound } from './http-files/bound.ts';
import { checkKey } from './keys.ts';
import { nameOfKey, pathOfName } from './named-path.ts';
import { type Spooled, spoolBytes, spoolStream } from './s3/spool.ts';
import { createThrottledReport } from './throttled-report.ts';

export interface HttpFilesStoreOptions {
  /** A folder as imageproxy's disk cache makes it; it may be one that imageproxy has used. */
  readonly dir: string;
  /** Bytes on disk, what was there before included; 0: no bound. */
  readonly maxBytes: number;
  /** Processes that write there at the same time, each as much as the others. Default 1. */
  readonly sharers?: number;
  readonly emit: EmitEvent;
  /** Larger bodies are not kept: `get` holds a whole one in memory. Default 256 MiB. */
  readonly maxBlobBytes?: number;
  /** Name in events and metrics. Default `disk`. */
  readonly name?: string;
  /** A use is noted at most this often per blob, seconds. Default 60. */
  readonly touchAfterSeconds?: number;
}

const mebibyte = 1024 * 1024;
/** Where files are written before they get their name. imageproxy looks into no such folder. */
const drafts = '.pictor';

/**
 * Keeps blobs in the folder of imageproxy's disk cache: `ab/cd/abcd…` by the MD5 of what it calls the entry, each a whole
 * HTTP response. What imageproxy has written counts as missing, and is replaced when the same thing is kept again. Two
 * blobs of one name replace each other; the whole key stands in the file.
 *
 * A file gets its name when it is whole. A damaged one counts as missing. A failing disk makes `put` reject and `get` miss.
 * @throws PictorError STORE_FAILED when the folder cannot be made
 */
export async function createHttpFilesStore(options: HttpFilesStoreOptions): Promise<BlobStore> {
  const { dir, emit, name = 'disk', maxBlobBytes = 256 * mebibyte } = options;
  const touchAfterMs = (options.touchAfterSeconds ?? 60) * 1000;
  const report = createThrottledReport(emit, name);
  const queue = createKeyedQueue();
  const instance = randomBytes(6).toString('hex');
  let drafted = 0;
  await makeDirectory(join(dir, drafts)).catch((cause: unknown) => {
    throw new PictorError('STORE_FAILED', { detail: describeFailure(cause), cause });
  });
  const bound = createFolderBound({
    dir,
    drafts: join(dir, drafts),
    maxBytes: options.maxBytes,
    emit,
    name,
    sharers: options.sharers ?? 1,
  });

  const pathOf = (key: string): string => {
    checkKey(key);
    return join(dir, pathOfName(nameOfKey(key)));
  };

  async function attempt<T>(task: () => Promise<T>): Promise<T> {
    try {
      return await task();
    } catch (thrown) {
      if (thrown instanceof PictorError) throw thrown;
      const error = new PictorError('STORE_FAILED', { detail: describeFailure(thrown), cause: thrown });
      report('write-failed', error);
      throw error;
    }
  }

  async function read(path: string, key: string): Promise<HttpEntry | null> {
    try {
      const entry = decodeEntry(await readFile(path));
      return entry === null || entry.key !== key ? null : entry;
    } catch (thrown) {
      if (!isMissing(thrown))
        report('read-failed', new PictorError('STORE_FAILED', { detail: describeFailure(thrown) }));
      return null;
    }
  }

  async function write(path: string, key: string, spooled: Spooled, meta: BlobMeta): Promise<void> {
    drafted += 1;
    const draft = join(dir, drafts, `${instance}-${drafted}`);
    const before = await sizeOf(path);
    let size = 0;
    try {
      const handle = await open(draft, 'wx', fileMode);
      try {
        const head = encodeHead(key, meta, spooled);
        await handle.writeFile(head);
        const body = await spooled.send(new Uint8Array(0));
        await handle.writeFile(body);
        size = head.byteLength + spooled.size;
      } finally {
        await handle.close();
      }
      await moveInto(draft, path);
    } catch (thrown) {
      await removeFile(draft);
      throw thrown;
    }
    bound.changed(size - before);
  }

  async function remove(path: string): Promise<void> {
    const before = await sizeOf(path);
    try {
      await unlink(path);
      bound.changed(-before);
    } catch (thrown) {
      if (!isMissing(thrown)) throw thrown;
    }
  }

  async function put(key: string, spooled: Spooled | null, meta: BlobMeta | (() => BlobMeta)): Promise<void> {
    const path = pathOf(key);
    try {
      await queue.run(path, () =>
        attempt(() =>
          spooled === null
            ? remove(path)
            : write(path, key, spooled, typeof meta === 'function' ? meta() : meta),
        ),
      );
    } finally {
      await spooled?.drop();
    }
  }

  return {
    name,
    maxBlobBytes,
    async get(key) {
      const path = pathOf(key);
      const entry = await read(path, key);
      if (entry === null) return null;
      if (options.maxBytes > 0) void noteUse(path, touchAfterMs);
      return storedBlob(name, entry);
    },
    async put(key, body, meta) {
      if (body instanceof Uint8Array)
        return put(key, body.byteLength > maxBlobBytes ? null : spoolBytes(body), meta);
      return put(key, await spoolStream(body, { inMemory: 8 * mebibyte, maxBytes: maxBlobBytes }), meta);
    },
    async setMeta(key, meta) {
      const path = pathOf(key);
      await queue.run(path, async () => {
        const entry = await read(path, key);
        if (entry !== null) await attempt(() => write(path, key, spoolBytes(entry.body), meta));
      });
    },
    async delete(key) {
      const path = pathOf(key);
      await queue.run(path, () => attempt(() => remove(path)));
    },
    touch: (key) => stampFile(pathOf(key), Date.now() / 1000),
    usage: bound.usage,
    async close() {
      await queue.idle();
      await bound.stop();
    },
  };
}

const sizeOf = async (path: string): Promise<number> => (await stat(path).catch(() => null))?.size ?? 0;

/** The time of a file says when it was used last. */
async function noteUse(path: string, afterMs: number): Promise<void> {
  const facts = await stat(path).catch(() => null);
  if (facts !== null && Date.now() - facts.mtimeMs > afterMs) await stampFile(path, Date.now() / 1000);
}

const storedBlob = (tier: string, { meta, body }: HttpEntry): StoredBlob => ({
  meta,
  size: body.byteLength,
  tier,
  body,
  bytes: () => Promise.resolve(body),
});
