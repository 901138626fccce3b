import { hash, randomBytes } from 'node:crypto';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { PictorError } from '../core/errors.ts';
import type { EmitEvent } from '../core/events.ts';
import type { Shelf, ShelvedPicture } from '../core/shelf.ts';
import { describeFailure, fileMode, isMissing, makeDirectory, moveInto, removeFile } from '../disk/files.ts';
import { createShelfBound } from './shelf-bound.ts';
import { createThrottledReport } from './throttled-report.ts';

export interface ShelfFolderOptions {
  /** Made if missing. Several processes may share it. */
  readonly dir: string;
  /** Bytes of all files; 0: no bound. */
  readonly maxBytes: number;
  /** Files older than this are removed. */
  readonly keepSeconds: number;
  /** What pictures are called here; no other file is ever touched. */
  readonly names: RegExp;
  readonly emit: EmitEvent;
  /** Rest between two walks through the folder, seconds. Default 600. */
  readonly sweepEverySeconds?: number;
  /** Epoch milliseconds; for tests. */
  readonly now?: () => number;
}

/** A folder of made pictures, and the shelves in it: one per mount, which may be of another mind about what is old. */
export interface ShelfFolder {
  /** @param maxAgeSeconds what is that old is no longer fresh */
  shelf(maxAgeSeconds: number): Shelf;
  /** Bytes and files held at the last count: for metrics. */
  usage(): { readonly bytes: number; readonly entries: number };
  /** Waits for what is being written. */
  close(): Promise<void>;
}

/** Where files are written before they get their name. */
const drafts = '.pictor';

/** Most file systems take 255 bytes. */
const longestName = 240;

/** Names for names that are too long. */
const hashedName = /^[0-9a-f]{64}$/;

/**
 * Keeps pictures as plain files under their names. A file gets its name when it is whole. A failing disk makes `get` miss
 * and `put` settle, and is told.
 * @throws PictorError STORE_FAILED when the folder cannot be made
 */
export async function createShelfFolder(options: ShelfFolderOptions): Promise<ShelfFolder> {
  const { dir, maxBytes, keepSeconds, names, emit, now = Date.now } = options;
  const report = createThrottledReport(emit, 'shelf');
  const instance = randomBytes(6).toString('hex');
  const writes = new Set<Promise<void>>();
  let drafted = 0;
  await makeDirectory(join(dir, drafts)).catch((cause: unknown) => {
    throw new PictorError('STORE_FAILED', { detail: `${dir}: ${describeFailure(cause)}`, cause });
  });
  const bound = createShelfBound({
    dir,
    drafts: join(dir, drafts),
    maxBytes,
    keepMs: keepSeconds * 1000,
    isOurs: (name) => names.test(name) || hashedName.test(name),
    everyMs: (options.sweepEverySeconds ?? 600) * 1000,
    emit,
    now,
  });

  const pathOf = (name: string): string => join(dir, fileNameOf(name));

  const failed = (what: 'read-failed' | 'write-failed', thrown: unknown) =>
    report(what, new PictorError('STORE_FAILED', { detail: describeFailure(thrown), cause: thrown }));

  async function write(path: string, body: Uint8Array): Promise<void> {
    drafted += 1;
    const draft = join(dir, drafts, `${instance}-${drafted}`);
    try {
      await writeDraft(draft, body);
      await moveInto(draft, path);
      bound.added(body.byteLength);
    } catch (thrown) {
      await removeFile(draft);
      failed('write-failed', thrown);
    }
  }

  async function read(path: string, maxAgeSeconds: number): Promise<ShelvedPicture | null> {
    try {
      const found = await readWhole(path);
      const age = now() - found.modified;
      // What is older waits for nothing but to be removed.
      if (found.body.byteLength === 0 || age > keepSeconds * 1000) return null;
      return { ...found, fresh: age < maxAgeSeconds * 1000 };
    } catch (thrown) {
      if (!isMissing(thrown)) failed('read-failed', thrown);
      return null;
    }
  }

  return {
    shelf: (maxAgeSeconds) => ({
      get: (name) => read(pathOf(name), maxAgeSeconds),
      async put(name, body) {
        const done = write(pathOf(name), body);
        writes.add(done);
        await done.finally(() => writes.delete(done));
      },
      delete: async (name) => void (await removeFile(pathOf(name))),
    }),
    usage: bound.usage,
    async close() {
      await Promise.allSettled(writes);
      await bound.stop();
    },
  };
}

/** A name of one segment, as it is where a file may be called so. */
function fileNameOf(name: string): string {
  const plain = Buffer.byteLength(name) <= longestName && !/[/\0]/.test(name) && !/^\.{0,2}$/.test(name);
  return plain ? name : hash('sha256', name);
}

async function writeDraft(draft: string, body: Uint8Array): Promise<void> {
  // The folder may have been emptied by somebody who meant to empty the cache.
  const handle = await open(draft, 'wx', fileMode).catch(async (thrown: unknown) => {
    if (!isMissing(thrown)) throw thrown;
    await makeDirectory(join(draft, '..'));
    return open(draft, 'wx', fileMode);
  });
  try {
    await handle.writeFile(body);
  } finally {
    await handle.close();
  }
}

async function readWhole(path: string): Promise<Omit<ShelvedPicture, 'fresh'>> {
  const handle = await open(path, 'r');
  try {
    const { mtimeMs } = await handle.stat();
    return { body: await handle.readFile(), modified: mtimeMs };
  } finally {
    await handle.close();
  }
}
