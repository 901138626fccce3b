import { hash } from 'node:crypto';
import { renameSync } from 'node:fs';
import { constants, lstat, open, realpath, rename, rmdir, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { PictorError } from '../../core/errors.ts';
import { codeOf, isMissing, syncDirectory } from '../../disk/files.ts';
import { throwIfLeft } from '../left.ts';
import { createDurableFolders, inTheWay, isBelow, parentOf } from './durable-folders.ts';
import { onDisk } from './failure.ts';
import { linkInto, type StagedFile } from './incoming.ts';
import type { KeyPaths } from './key-path.ts';
import { walkFiles } from './walk.ts';

/** A file that is an object. */
export interface FoundFile {
  readonly path: string;
  readonly size: number;
  /** Epoch milliseconds. */
  readonly modified: number;
  /** Of this file: another text once it was replaced. */
  readonly etag: string;
  /** Names it has: more than one where somebody holds on to it elsewhere. */
  readonly links: number;
}

/** A file of a listing. */
export interface WalkedFile {
  readonly key: string;
  readonly size: number;
  readonly modified: number;
  readonly links: number;
}

/**
 * Objects as files below a folder. All of it rejects with PictorError STORAGE_REFUSED and STORAGE_FAILED alone.
 */
export interface ObjectFolder {
  find(key: string): Promise<FoundFile | null>;
  /** @param part bytes, both included. The body fails when the file was replaced since it was found. */
  read(file: FoundFile, part?: Part, signal?: AbortSignal): AsyncIterable<Uint8Array>;
  /** Durable when it settles; the staged file is gone from where it was. Replaces what is there. */
  place(key: string, staged: StagedFile): Promise<void>;
  /** As `place`, but after a loss of power there may be what was there before. Nothing is waited for. */
  placeForNow(key: string, staged: Pick<StagedFile, 'path'>): Promise<void>;
  /** As `place`, but what is there stays. */
  placeNew(key: string, staged: StagedFile): Promise<void>;
  /** Durable when it settles. Folders that are empty then go as well. */
  remove(key: string): Promise<void>;
  /** As `remove`, but after a loss of power it may be there again. Folders stay. */
  discard(key: string): Promise<void>;
  list(prefix: string): AsyncIterable<WalkedFile>;
  /** Removes folders that are empty. */
  removeEmptyFolders(): Promise<void>;
}

interface Part {
  readonly first: number;
  readonly last: number;
}

/** ENXIO: a socket or a FIFO; the others: something that is no file, or a name no file can have. */
const noFile: ReadonlySet<string> = new Set(['ENOENT', 'ENOTDIR', 'ELOOP', 'ENAMETOOLONG', 'ENXIO']);

/** Not followed should it be a link by now; a FIFO does not hold us up. */
const readFlags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

const chunkBytes = 64 * 1024;

/** A folder that goes away under our hands, as one that is empty may, is made again this often. */
const mostTries = 5;

/** @param root need not exist; may be a link, and is resolved each time: deployments swap them */
export function createObjectFolder(root: string, paths: KeyPaths): ObjectFolder {
  const folders = createDurableFolders(root);

  async function find(key: string): Promise<FoundFile | null> {
    const path = paths.pathOf(key);
    return path === null ? null : findPath(path);
  }

  async function findPath(path: string): Promise<FoundFile | null> {
    try {
      const realRoot = await realpath(root);
      const real = await realpath(join(realRoot, path));
      if (!isBelow(realRoot, real)) return null;
      const facts = await stat(real, { bigint: true });
      return facts.isFile() ? factsOf(real, facts) : null;
    } catch (error) {
      return passNoFile(error);
    }
  }

  /** `findPath` for files of one folder after the other: where a folder leads is looked up once, links each time. */
  function createListedFinder(): (path: string) => Promise<FoundFile | null> {
    let last: { readonly folder: string; readonly real: Promise<string | null> } | undefined;
    return async (path) => {
      const folder = parentOf(path);
      if (last?.folder !== folder) last = { folder, real: realFolder(folder) };
      const real = await last.real;
      if (real === null) return null;
      const file = join(real, path.slice(folder === '' ? 0 : folder.length + 1));
      const facts = await lstat(file, { bigint: true }).catch(passNoFile);
      if (facts?.isSymbolicLink() === true) return findPath(path);
      return facts?.isFile() === true ? factsOf(file, facts) : null;
    };
  }

  /** Null: there is none, or it leads out of the root. */
  async function realFolder(folder: string): Promise<string | null> {
    try {
      const realRoot = await realpath(root);
      if (folder === '') return realRoot;
      const real = await realpath(join(realRoot, folder));
      return isBelow(realRoot, real) ? real : null;
    } catch (error) {
      return passNoFile(error);
    }
  }

  /** @param move brings the staged file to its place */
  async function settle(key: string, { move, isDurable }: Settling): Promise<void> {
    const path = paths.pathOf(key);
    if (path === null) throw notAKey(key);
    const folder = parentOf(path);
    for (let tries = 1; ; tries += 1) {
      try {
        await (isDurable ? folders.ensure(folder) : folders.present(folder));
        await move(join(root, path));
        if (isDurable) await syncDirectory(join(root, folder));
        return;
      } catch (error) {
        if (['EISDIR', 'ENOTEMPTY', 'ENOTDIR'].includes(codeOf(error))) throw inTheWay(path);
        if (!isMissing(error) || tries === mostTries) throw error;
        folders.forget(folder);
      }
    }
  }

  async function removeUpwards(path: string): Promise<void> {
    for (let folder = parentOf(path); folder !== ''; folder = parentOf(folder)) {
      if (!(await removedFolder(folder))) return;
    }
  }

  async function removedFolder(folder: string): Promise<boolean> {
    try {
      await rmdir(join(root, folder));
      folders.forget(folder);
      return true;
    } catch {
      return false;
    }
  }

  return {
    find: (key) => onDisk(() => find(key)),
    read: readFile,
    place: (key, staged) =>
      onDisk(() => settle(key, { move: (to) => rename(staged.path, to), isDurable: true })),
    placeForNow: (key, staged) =>
      onDisk(() => settle(key, { move: (to) => renameSync(staged.path, to), isDurable: false })),
    placeNew: (key, staged) =>
      onDisk(async () => {
        await settle(key, { move: (to) => placeWhereNone(staged.path, to), isDurable: true });
        await staged.drop();
      }),
    remove: (key) =>
      onDisk(async () => {
        const path = paths.pathOf(key);
        const found = path === null ? null : await findPath(path);
        if (path === null || found === null) return;
        await unlinkFile(join(root, path));
        await syncDirectory(join(root, parentOf(path)));
        await removeUpwards(path);
      }),
    discard: (key) =>
      onDisk(async () => {
        const path = paths.pathOf(key);
        if (path !== null) await unlinkFile(join(root, path));
      }),
    async *list(prefix) {
      const folder = paths.folderOf(prefix);
      if (folder === null) return;
      const find = createListedFinder();
      for await (const path of walkFiles(root, folder)) {
        const key = paths.keyOf(path);
        if (key?.startsWith(prefix) !== true) continue;
        const found = await onDisk(() => find(path));
        if (found !== null) yield { key, size: found.size, modified: found.modified, links: found.links };
      }
    },
    removeEmptyFolders: () =>
      onDisk(async () => {
        for await (const folder of walkFiles(root, '', 'folders')) await removedFolder(folder);
      }),
  };
}

interface Settling {
  readonly move: (to: string) => Promise<void> | void;
  readonly isDurable: boolean;
}

function passNoFile(error: unknown): null {
  if (noFile.has(codeOf(error))) return null;
  throw error;
}

async function unlinkFile(path: string): Promise<void> {
  await unlink(path).catch((error: unknown) => {
    if (!isMissing(error)) throw error;
  });
}

/** Where links cannot be made, one look before has to do. */
async function placeWhereNone(from: string, to: string): Promise<void> {
  try {
    if (await linkInto(to, from)) return;
    if ((await stat(to).catch(() => null)) === null) await rename(from, to);
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
  }
}

function factsOf(
  path: string,
  stats: { size: bigint; mtimeNs: bigint; mtimeMs: bigint; ino: bigint; nlink: bigint },
): FoundFile {
  return {
    path,
    size: Number(stats.size),
    modified: Number(stats.mtimeMs),
    etag: fingerprint([stats.size, stats.mtimeNs, stats.ino]),
    links: Number(stats.nlink),
  };
}

/** Clients may get to see it: not the numbers of the file system themselves. */
const fingerprint = (facts: readonly bigint[]): string =>
  hash('sha256', facts.join('-'), 'base64url').slice(0, 27);

async function* readFile(
  file: FoundFile,
  part: Part = { first: 0, last: file.size - 1 },
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array> {
  throwIfLeft(signal);
  const handle = await onDisk(() => open(file.path, readFlags));
  try {
    const now = factsOf(file.path, await onDisk(() => handle.stat({ bigint: true })));
    if (now.etag !== file.etag) throw changed(file.path);
    const end = Math.min(part.last + 1, file.size);
    for (let position = part.first; position < end; ) {
      const buffer = Buffer.allocUnsafe(Math.min(chunkBytes, end - position));
      const { bytesRead } = await onDisk(() => handle.read(buffer, 0, buffer.byteLength, position));
      if (bytesRead === 0) throw changed(file.path);
      throwIfLeft(signal);
      position += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await handle.close();
  }
}

const changed = (path: string): PictorError =>
  new PictorError('STORAGE_FAILED', { detail: `${path} was replaced while it was read` });

const notAKey = (key: string): PictorError =>
  new PictorError('STORAGE_REFUSED', {
    detail: `no key of an object in a folder: ${JSON.stringify(key.slice(0, 200))}`,
    upstreamStatus: 403,
  });
