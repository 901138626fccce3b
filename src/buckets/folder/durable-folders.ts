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
  /** It may be gone, and those above it: they are looked at again. */
  forget(path: string): void;
}

/** Owner and group: a web server in the same group may read along. */
export const folderMode = 0o750;

/** More are not remembered: they are looked at anew. */
const mostRemembered = 20_000;

export function createDurableFolders(root: string): DurableFolders {
  const made = new Map<string, Promise<void>>();
  /** Folders whose own place above them is on the disk for good. */
  const flushed = new Set<string>();

  function ensure(path: string): Promise<void> {
    const known = made.get(path);
    if (known !== undefined) return known;
    if (made.size >= mostRemembered) made.clear();
    const making = path === '' ? makeRoot() : make(path);
    made.set(path, making);
    making.catch(() => made.delete(path));
    return making;
  }

  async function makeRoot(): Promise<void> {
    await makeDirectory(root, folderMode);
    await syncDirectory(dirname(root));
  }

  async function make(path: string): Promise<void> {
    const above = parentOf(path);
    const folder = join(root, path);
    if (!(await isThere(folder))) {
      await ensure(above);
      try {
        await mkdir(folder, { mode: folderMode });
      } catch (error) {
        if (codeOf(error) !== 'EEXIST') throw error;
        if (!(await isThere(folder))) throw inTheWay(folder);
      }
    }
    await flushUpTo(above);
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
    if (!isBelow(await realpath(root), real)) throw leadsOut(folder);
    return true;
  }

  /** Also those that were there: whoever made them may not have come to this. */
  async function flushUpTo(path: string): Promise<void> {
    for (let each = path; ; each = parentOf(each)) {
      if (flushed.has(each) && each !== path) return;
      await syncDirectory(join(root, each));
      if (flushed.size >= mostRemembered) flushed.clear();
      flushed.add(each);
      if (each === '') return;
    }
  }

  return {
    ensure,
    forget(path) {
      for (let each = path; ; each = parentOf(each)) {
        made.delete(each);
        flushed.delete(each);
        if (each === '') return;
      }
    },
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
