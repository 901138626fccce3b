import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { PictorError } from '../core/errors.ts';
import type { EmitEvent } from '../core/events.ts';
import type { FileStore } from '../core/ports.ts';
import {
  codeOf,
  createStampClock,
  describeFailure,
  isDiskFull,
  makeDirectory,
  stampFile,
} from '../disk/files.ts';
import { createKeyedQueue } from '../lib/keyed-queue.ts';
import { createAbsences } from './fs/absences.ts';
import { openBudget } from './fs/budget.ts';
import { createClaims } from './fs/claims.ts';
import { createEvictor, type Evictor } from './fs/evict.ts';
import { createForget } from './fs/forget.ts';
import { namesIn, placeOf } from './fs/layout.ts';
import { createReader } from './fs/read.ts';
import { createRetirement } from './fs/retirement.ts';
import { createStaging } from './fs/staging.ts';
import { createSweeper } from './fs/sweeper.ts';
import { createVerdicts } from './fs/verdicts.ts';
import { createWriter } from './fs/write.ts';
import { checkKey } from './keys.ts';

export interface FsStoreOptions {
  /**
   * The store's own folder, made if missing. Several processes may share it; together they may be over the cap by what
   * they write within five seconds.
   */
  readonly dir: string;
  /** Bytes on disk, files counted in blocks of 4 KiB. Folders are not counted: at most 256 MiB for very many blobs. */
  readonly maxBytes: number;
  readonly emit: EmitEvent;
  /** Name in events. Default `disk`. */
  readonly name?: string;
  /** Every body is a file of its own, so that `StoredBlob.path` is always set. Else only streams and large bodies are. */
  readonly separateBodies?: boolean;
  /**
   * Flush to the disk before `put` settles. Without it a put survives the end of the process, however it ends, and a
   * power failure may take the last seconds, but never leaves a torn blob that is taken for a whole one.
   */
  readonly durable?: boolean;
  /** How long a replaced or deleted body can still be opened by its path, seconds. Default 300. */
  readonly graceSeconds?: number;
  /** A use is noted at most this often per blob, seconds. Default 1. With 0 the order of use is exact. */
  readonly touchAfterSeconds?: number;
  /** Rest before the first background walk, seconds. Default 60. */
  readonly sweepAfterSeconds?: number;
  /** Epoch milliseconds; for tests. */
  readonly now?: () => number;
}

/** Up to this size the body is kept in its record: one file, one read. */
const inlineBytes = 256 * 1024;
/** When the disk is full, at least this much is freed before trying again. */
const leastFreed = 1024 * 1024;
/** File systems tell the time in steps of up to 10 ms, and a step late. */
const tickMs = 20;

/**
 * Keeps blobs as files, bounded by bytes, least recently used out first. The files are the truth: there is no index that
 * could be lost, and nothing is held in memory per blob. See fs/layout.ts for the names, fs/record.ts for the format.
 *
 * A path handed out by `get` can be opened for `graceSeconds` after the blob was replaced or deleted. Eviction takes what
 * was used least recently, so it touches a path just handed out only when everything used since then fills the store:
 * give a store of originals room for all that is in flight.
 *
 * A damaged file counts as missing and is removed; a body of its own is checked when a process first hands out its path,
 * and whenever the file has changed since. A failing disk makes `put` reject and `get` miss, nothing else.
 * @throws PictorError STORE_FAILED when the folder can neither be made nor read
 */
export async function createFsStore(options: FsStoreOptions): Promise<FileStore> {
  const { dir, maxBytes, emit, name = 'disk', now = Date.now } = options;
  const blobs = join(dir, 'blobs');
  const drafts = join(dir, 'tmp');
  const sizes = join(dir, 'size');
  const instance = randomBytes(8).toString('hex');
  const stamp = createStampClock(now);
  const touchAfterMs = (options.touchAfterSeconds ?? 1) * 1000;
  const budget = await openFolder([blobs, drafts, sizes], async () =>
    openBudget({
      directory: sizes,
      instance,
      maxBytes,
      now,
      hasBlobs: async () => (await namesIn(blobs)).length > 0,
    }),
  );

  const queue = createKeyedQueue();
  const running = new Set<Promise<unknown>>();
  let closing = false;

  const retirement = createRetirement({
    graceMs: (options.graceSeconds ?? 300) * 1000,
    stamp,
    onRemoved: (bucket, bytes) => budget.change(bucket, bytes, 0),
  });
  const forget = createForget({ budget, retirement, queue });
  const sweeper = createSweeper({
    blobs,
    drafts,
    budget,
    instance,
    now,
    store: name,
    emit,
    firstDelayMs: budget.unsure ? 0 : (options.sweepAfterSeconds ?? 60) * 1000,
  });
  const { entries } = budget;
  const { recount } = sweeper;
  const evictor = createEvictor({ blobs, forget, retirement, queue, now, entries, recount });
  const onEvicted = (count: number) => emit({ type: 'store', store: name, what: 'evicted', count });
  const claims = createClaims({
    budget,
    maxBytes,
    evict: evictor.evict,
    recount,
    onEvicted,
  });
  const attempt = createAttempt({ evictor, name, emit, onEvicted });
  const staging = createStaging({
    directory: drafts,
    instance,
    durable: options.durable ?? false,
    // Where uses are noted once in a while, the time that the file system gives a new file is as good.
    stamp: touchAfterMs < tickMs ? stamp : null,
    attempt,
  });
  const verdicts = createVerdicts();
  const absences = createAbsences();
  const writer = createWriter({
    blobs,
    maxBytes,
    inlineBytes: options.separateBodies === true ? -1 : inlineBytes,
    durable: options.durable ?? false,
    budget,
    claims,
    staging,
    retirement,
    forget,
    verdicts,
    absences,
    queue,
    attempt,
  });
  const reader = createReader({
    blobs,
    forget,
    verdicts,
    absences,
    stamp,
    now,
    touchAfterMs,
    onFailure: (detail) => emit({ type: 'store', store: name, what: 'read-failed', detail }),
    onRepaired: (detail) => emit({ type: 'store', store: name, what: 'repaired', detail, count: 1 }),
  });

  /** Refuses changes after `close`, and lets `close` wait for those that run. */
  async function change(key: string, task: () => Promise<unknown>): Promise<void> {
    checkKey(key);
    if (closing) throw new PictorError('STORE_FAILED', { detail: `the store ${name} is closed` });
    const done = task();
    running.add(done);
    try {
      await done;
    } finally {
      running.delete(done);
    }
  }

  const isOver = (): boolean => !closing && budget.total() > maxBytes;

  /** The cap may have been lowered since the last start. */
  async function trim(): Promise<void> {
    let evicted = 0;
    while (isOver() && (await evictor.evict()) > 0) evicted += 1;
    if (evicted > 0) onEvicted(evicted);
  }
  const trimmed = trim();

  return {
    name,
    maxBlobBytes: maxBytes,
    async get(key) {
      checkKey(key);
      return reader.get(key);
    },
    put: (key, body, meta) => change(key, () => writer.put(key, body, meta)),
    draft: (ending) => staging.name(ending),
    adopt: (key, draft, meta) => change(key, () => writer.adopt(key, draft, meta)),
    setMeta: (key, meta) => change(key, () => writer.setMeta(key, meta)),
    delete: (key) => change(key, () => attempt(0, () => forget({ ...placeOf(blobs, key), body: 'late' }))),
    erase: (key) => change(key, () => attempt(0, () => forget({ ...placeOf(blobs, key), body: 'erased' }))),
    touch: (key) => stampFile(placeOf(blobs, key).record, stamp()),
    list: reader.list,
    usage: () => ({ bytes: budget.total(), entries: budget.entries() }),
    async close() {
      closing = true;
      await sweeper.stop();
      await Promise.allSettled(running);
      await trimmed;
      retirement.stop();
      await queue.idle();
      await budget.close();
    },
  };
}

async function openFolder<T>(folders: readonly string[], open: () => Promise<T>): Promise<T> {
  try {
    for (const folder of folders) await makeDirectory(folder);
    return await open();
  } catch (cause) {
    throw new PictorError('STORE_FAILED', { detail: describeFailure(cause), cause });
  }
}

interface AttemptParts {
  readonly evictor: Evictor;
  readonly name: string;
  readonly emit: EmitEvent;
  readonly onEvicted: (count: number) => void;
}

/** Runs file operations of a write: frees room while the disk is full, reports the failure that remains. */
function createAttempt({ evictor, name, emit, onEvicted }: AttemptParts) {
  async function free(bytes: number): Promise<boolean> {
    let freed = 0;
    let evicted = 0;
    while (freed < Math.max(leastFreed, 2 * bytes)) {
      const more = await evictor.evict();
      if (more === 0) break;
      freed += more;
      evicted += 1;
    }
    if (evicted > 0) onEvicted(evicted);
    return freed > 0;
  }

  return async function attempt<T>(bytes: number, operation: () => Promise<T>): Promise<T> {
    for (let tries = 0; ; tries += 1) {
      try {
        return await operation();
      } catch (error) {
        if (error instanceof PictorError || codeOf(error) === '') throw error;
        if (isDiskFull(error) && tries < 3 && (await free(bytes))) continue;
        const detail = describeFailure(error);
        emit({ type: 'store', store: name, what: 'write-failed', detail });
        throw new PictorError('STORE_FAILED', { detail, cause: error });
      }
    }
  };
}
