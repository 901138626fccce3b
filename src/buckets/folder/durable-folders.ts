import { mkdir, realpath } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { PictorError } from '../../core/errors.ts';
import { codeOf, makeDirectory, syncDirectory } from '../../disk/files.ts';

/** Folders below a root that survive a power failure once they were made. */
export interface DurableFolders {
  /**
   * Makes it and those above it where they are missing.
   * @param path relative to the root; empty: the root
   * @throws PictorError STORAGE_REFUSED when a file is in the way, or a link that leads out of the root
   */
  ensure(path: string): Promise<void>;
  /** As `ensure`, but after a loss of power they may be gone. @throws as `ensure` */
  present(path: string): Promise<void>;
  /** It may be gone, and those above it: they are looked at again. */
  forget(path: string): void;
}

/** Owner and group: a web server in the same group may read along. */
export const folderMode = 0o750;

/** More are not remembered: they are looked at anew. */
const mostRemembered = 20_000;

export function createDurableFolders(root: string): DurableFolders {
  const there = createMemory(make);
  const flushed = createMemory(flush);
  /** Where the root led when that was last looked at: it may be a link that is set elsewhere. */
  let realRoot: string | null = null;

  async function make(path: string): Promise<void> {
    const folder = join(root, path);
    if (path === '') return makeDirectory(root, folderMode);
    if (await isThere(folder)) return;
    await there.get(parentOf(path));
    try {
      await mkdir(folder, { mode: folderMode });
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error;
      if (!(await isThere(folder))) throw inTheWay(folder);
    }
  }

  /** Most are: then one look at the deepest of them is enough. */
  async function isThere(folder: string): Promise<boolean> {
    let real: string;
    try {
      // The dot makes a folder of it, or an error.
      real = await realpath(`${folder}${sep}.`);
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return false;
      if (codeOf(error) === 'ENOTDIR') throw inTheWay(folder);
      throw error;
    }
    if (realRoot !== null && isBelow(realRoot, real)) return true;
    realRoot = await realpath(root);
    if (!isBelow(realRoot, real)) throw leadsOut(folder);
    return true;
  }

  /** The names of a folder and of those above it. Also of those that were there: whoever made them may not have come to this. */
  async function flush(path: string): Promise<void> {
    if (path === '') return syncDirectory(dirname(root));
    const above = parentOf(path);
    await flushed.get(above);
    await syncDirectory(join(root, above));
  }

  return {
    async ensure(path) {
      await there.get(path);
      await flushed.get(path);
    },
    present: there.get,
    forget(path) {
      for (let each = path; ; each = parentOf(each)) {
        there.forget(each);
        flushed.forget(each);
        if (each === '') return;
      }
    },
  };
}

/** What is done once for a path. What fails is tried anew. */
function createMemory(work: (path: string) => Promise<void>) {
  const done = new Map<string, Promise<void>>();
  return {
    get(path: string): Promise<void> {
      const known = done.get(path);
      if (known !== undefined) return known;
      if (done.size >= mostRemembered) done.clear();
      const doing = work(path);
      done.set(path, doing);
      doing.catch(() => done.delete(path));
      return doing;
    },
    forget: (path: string) => void done.delete(path),
  };
}

/** Of a relative path with `/`. */
export const parentOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('/')));

/** A whole path segment further down, so that `/img-private` is not below `/img`. Both are real paths. */
export function isBelow(root: string, file: string): boolean {
  const way = relative(root, file);
  return way !== '' && way !== '..' && !way.startsWith(`..${sep}`);
}

/** A key that begins with that of another object, where folders cannot be both. */
export const inTheWay = (path: string): PictorError =>
  new PictorError('STORAGE_REFUSED', {
    detail: `${path}: another object's key is in the way`,
    upstreamStatus: 403,
  });

const leadsOut = (path: string): PictorError =>
  new PictorError('STORAGE_REFUSED', { detail: `${path} leads out of the root`, upstreamStatus: 403 });
