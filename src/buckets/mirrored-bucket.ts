import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Bucket, Buckets, ObjectFacts } from '../core/bucket.ts';
import { asPictorError, PictorError } from '../core/errors.ts';
import type { EmitEvent } from '../core/events.ts';
import { createKeyedQueue } from '../lib/keyed-queue.ts';
import { onDisk } from './folder/failure.ts';
import { createIncoming, type StagedFile } from './folder/incoming.ts';
import { ownFolder, plainPaths } from './folder/key-path.ts';
import { createObjectFolder, type FoundFile } from './folder/object-folder.ts';
import { incomingBelow, listSorted } from './folder-bucket.ts';
import { cleanUp } from './mirrored/clean-up.ts';
import { createDownloads } from './mirrored/downloads.ts';
import { merged } from './mirrored/merged.ts';
import { createOwedFiles, type OwedObject } from './mirrored/owed-files.ts';
import { createRemote } from './mirrored/remote.ts';
import { createRemoteHealth } from './mirrored/remote-health.ts';
import { createUploads, type OwedStats } from './mirrored/uploads.ts';

/** The place behind the folder. */
export interface RemotePlace {
  readonly reader: Pick<Bucket, 'get' | 'head' | 'close'>;
  /** Null: nothing is written there, and no file here is ever removed. */
  readonly writer: Bucket | null;
}

export interface MirroredOptions {
  readonly root: string;
  readonly remote: RemotePlace;
  /** Uploads at the same time. */
  readonly concurrency: number;
  /** Local files older than this are removed once they are safe in the remote; 0: never. */
  readonly maxAgeMinutes: number;
  /** How long a put waits for the remote before it settles for the disk and the outbox. */
  readonly waitSeconds: number;
  /**
   * Tells other processes with the same folder of a key that was put or removed; settles when nothing of theirs that was
   * accepted before is on its way any more. Absent: there are none.
   */
  readonly disownElsewhere?: (key: string, before: number) => Promise<void>;
  readonly emit: EmitEvent;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/** One bucket, whatever its name. */
export interface MirroredBuckets extends Buckets {
  /** What is owed to the remote, for metrics. */
  stats(): OwedStats;
  /** What other processes are told by `disownElsewhere`, done here. */
  disown(key: string, before: number): Promise<void>;
  /** Settles when old local files are gone. Called by itself every two minutes. Never rejects. */
  cleanUp(): Promise<void>;
}

const cleanUpEveryMs = 2 * 60_000;
/** Whoever was given a path has opened the file by then. */
const inUseMs = 2 * 60_000;
/** More paths in use are not remembered. */
const mostInUse = 100_000;

/**
 * A folder that is read and written first, with a bucket behind it. A put has settled when the object is on the disk for good
 * and so is the note that it is owed; it is then sent for as long as it takes, also after a restart. What only the remote has
 * is fetched once and kept. Where the remote is away, everything but that goes on.
 */
export function createMirroredBuckets(options: MirroredOptions): MirroredBuckets {
  const { emit, now, waitSeconds } = options;
  const root = resolve(options.root);
  const queue = createKeyedQueue();
  const incoming = createIncoming(incomingBelow(root));
  const folder = createObjectFolder(root, plainPaths);
  const files = createOwedFiles(join(root, ownFolder, 'owed'), emit);
  const health = createRemoteHealth(emit);
  const { reader, writer } = options.remote;
  const remote = createRemote({ reader, writer, health, emit });
  const downloads = createDownloads({ remote, folder, incoming, queue, emit });
  const uploads =
    writer === null
      ? null
      : createUploads({ files, remote: writer, health, concurrency: options.concurrency, emit });
  /** Epoch milliseconds at which the path of a key was given to somebody. */
  const handedOut = new Map<string, number>();

  async function recover(): Promise<void> {
    if (uploads === null) return;
    const found = await files.recover();
    for (const [index, owed] of found.entries()) {
      const isLast = !found.slice(index + 1).some(({ key }) => key === owed.key);
      if (isLast) await finish(owed);
      uploads.add(owed);
    }
    if (found.length === 0) return;
    const facts = { count: found.length };
    emit({ type: 'notice', level: 'info', message: 'sending what an earlier run still owed', facts });
  }

  /** Its note is the moment a put counts: one that ended between that and its place is brought there now. */
  async function finish(owed: OwedObject): Promise<void> {
    const there = await folder.find(owed.key);
    if (there !== null && (await isSameFile(there.path, owed.body))) return;
    const staged = await onDisk(() => incoming.stageLink(owed.body, owed.size));
    try {
      await folder.place(owed.key, staged);
    } catch (thrown) {
      await staged.drop();
      throw thrown;
    }
  }

  /** Nothing is read or written before: what is newer must stay so. */
  const recovered = recover().catch((thrown: unknown) => {
    const facts = { detail: asPictorError(thrown).detail };
    emit({ type: 'notice', level: 'error', message: 'what an earlier run owed cannot be read', facts });
  });

  async function findLocal(key: string): Promise<FoundFile | null> {
    if (uploads !== null) {
      if (handedOut.size >= mostInUse) handedOut.clear();
      // Before the look: the clean-up must not take it away in between.
      handedOut.set(key, now());
    }
    return folder.find(key);
  }

  async function put(key: string, staged: StagedFile, contentType: string): Promise<OwedObject | null> {
    if (uploads === null) {
      await queue.run(key, () => folder.place(key, staged));
      return null;
    }
    return queue.run(key, async () => {
      const owed = await onDisk(() => files.add(staged, { key, contentType }));
      try {
        await folder.place(key, staged);
      } catch (thrown) {
        await files.settle(owed);
        throw thrown;
      }
      // An older one must not arrive after it.
      await options.disownElsewhere?.(key, owed.order);
      uploads.add(owed);
      return owed;
    });
  }

  /** @throws PictorError STORAGE_REFUSED: it is owed, but whoever put it shall know */
  async function waitFor(owed: OwedObject): Promise<void> {
    if (uploads === null || waitSeconds === 0 || health.isAway()) return;
    const late = new AbortController();
    try {
      await Promise.race([
        uploads.arrived(owed),
        sleep(waitSeconds * 1000, undefined, { signal: late.signal }),
      ]);
    } catch (thrown) {
      if (thrown instanceof PictorError && thrown.code === 'STORAGE_REFUSED') throw thrown;
    } finally {
      late.abort();
    }
  }

  /** What was begun before is not kept here by any process. */
  async function disownAll(key: string): Promise<void> {
    await options.disownElsewhere?.(key, Number.POSITIVE_INFINITY);
    await downloads.disown(key);
  }

  async function erase(key: string): Promise<void> {
    await disownAll(key);
    const { writable } = remote;
    if (uploads !== null && writable !== null) {
      await uploads.without(key, async () => {
        await writable.delete(key);
        // Somebody may have begun to fetch it while it was still there.
        await disownAll(key);
        await folder.remove(key);
      });
      return;
    }
    await folder.remove(key);
    if ((await remote.head(key)) !== null)
      throw new PictorError('STORAGE_REFUSED', { detail: `${key} is also where nothing can be removed` });
  }

  async function* listAll(prefix: string) {
    await recovered;
    const local = new Set<string>();
    for await (const { key, size, modified } of folder.list(prefix)) {
      local.add(key);
      yield { key, size, modified };
    }
    if (remote.writable === null) return;
    for await (const object of remote.writable.list(prefix)) if (!local.has(object.key)) yield object;
  }

  async function* listAllFrom(prefix: string, after: string) {
    await recovered;
    const local = listSorted({ root, paths: plainPaths, prefix, after }, folder);
    const { writable } = remote;
    yield* writable?.listFrom === undefined ? local : merged(local, writable.listFrom(prefix, after));
  }

  const bucket: Bucket = {
    name: 'mirrored',
    async get(key, options = {}) {
      if (plainPaths.pathOf(key) === null) return null;
      await recovered;
      const { signal = neverAborted, part } = options;
      for (let tries = 0; tries < 2; tries += 1) {
        const found = await findLocal(key);
        if (found !== null)
          return { ...factsOf(found), path: found.path, body: folder.read(found, part, signal) };
        const fetched = await downloads.fetch(key, signal);
        if (fetched === 'missing') return null;
        if (fetched === 'no-room') break;
      }
      return remote.get(key, options);
    },
    async head(key, signal) {
      if (plainPaths.pathOf(key) === null) return null;
      await recovered;
      const found = await folder.find(key);
      return found === null ? remote.head(key, signal) : factsOf(found);
    },
    async put(key, body, { contentType, signal }) {
      await recovered;
      const staged = await onDisk(() => incoming.stage(body, signal));
      let owed: OwedObject | null;
      try {
        owed = await put(key, staged, contentType);
      } catch (thrown) {
        await staged.drop();
        throw thrown;
      }
      if (owed !== null) await waitFor(owed);
    },
    async delete(key) {
      if (plainPaths.pathOf(key) === null) return;
      await recovered;
      await queue.run(key, () => erase(key));
    },
    list: listAll,
    ...(remote.writable === null || remote.writable.listFrom !== undefined ? { listFrom: listAllFrom } : {}),
    close: async () => {},
  };

  async function tidy(): Promise<void> {
    const since = now() - inUseMs;
    for (const [key, at] of handedOut) if (at < since) handedOut.delete(key);
    if (uploads === null || options.maxAgeMinutes === 0) return;
    try {
      await cleanUp({
        folder,
        remote,
        queue,
        owes: uploads.owes,
        inUse: (key) => (handedOut.get(key) ?? 0) >= since,
        maxAgeMinutes: options.maxAgeMinutes,
        emit,
        now,
      });
    } catch (thrown) {
      // While the remote is away nothing can be removed; it is told already.
      if (health.isAway()) return;
      const facts = { detail: asPictorError(thrown).detail };
      emit({ type: 'notice', level: 'warn', message: 'old files could not be removed', facts });
    }
  }

  let tidying: Promise<void> | null = null;
  const tidyOnce = () => {
    tidying ??= recovered
      .then(recover)
      .catch(() => {})
      .then(tidy)
      .finally(() => {
        tidying = null;
      });
    return tidying;
  };
  const timer = setInterval(() => void tidyOnce(), cleanUpEveryMs).unref();

  return {
    bucket: () => bucket,
    stats: () => uploads?.stats() ?? nothingOwed,
    async disown(key, before) {
      if (before === Number.POSITIVE_INFINITY) await downloads.disown(key);
      await uploads?.disown(key, before);
    },
    cleanUp: tidyOnce,
    async close() {
      clearInterval(timer);
      await recovered;
      await tidying;
      await uploads?.close();
      files.close();
      await incoming.cleaned();
      await queue.idle();
      await reader.close();
    },
  };
}

async function isSameFile(one: string, other: string): Promise<boolean> {
  const [a, b] = await Promise.all(
    [one, other].map((path) => stat(path, { bigint: true }).catch(() => null)),
  );
  return a?.ino !== undefined && a.ino === b?.ino && a.dev === b.dev;
}

const neverAborted = new AbortController().signal;

const nothingOwed: OwedStats = { owed: 0, owedBytes: 0, oldest: null, uploaded: 0, failedTries: 0 };

const factsOf = ({ size, modified, etag }: FoundFile): ObjectFacts => ({ size, modified, etag });
