import type { Dirent } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf, isMissing } from '../../disk/files.ts';
import { compareKeys } from '../../lib/key-order.ts';
import { onDisk } from './failure.ts';
import { type KeyPaths, ownFolder } from './key-path.ts';

/** What is wanted of a folder: keys that begin so, and come after another one. */
export interface SortedWalk {
  readonly root: string;
  readonly paths: KeyPaths;
  readonly prefix: string;
  readonly after: string;
}

/**
 * Keys of the files below a folder in the order of their bytes. Folders with nothing that is wanted are not opened; of the
 * others, one at a time per level is held in memory.
 * @throws PictorError STORAGE_REFUSED, STORAGE_FAILED
 */
export async function* walkSorted(walk: SortedWalk, folder = ''): AsyncGenerator<string> {
  for (const { path, start, isFolder } of await entriesOf(walk, folder)) {
    if (!isFolder) yield start;
    else yield* walkSorted(walk, path);
  }
}

interface Entry {
  readonly path: string;
  /** The key of a file; of a folder, what all keys below it begin with. */
  readonly start: string;
  readonly isFolder: boolean;
}

async function entriesOf({ root, paths, prefix, after }: SortedWalk, folder: string): Promise<Entry[]> {
  const found = await onDisk(() => readdir(join(root, folder), { withFileTypes: true }).catch(passMissing));
  return found
    .flatMap((entry): Entry[] => {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (path.toLowerCase() === ownFolder) return [];
      const isFolder = entry.isDirectory();
      if (!isFolder && !entry.isFile() && !entry.isSymbolicLink()) return [];
      const start = isFolder ? startOf(paths, path) : paths.keyOf(path);
      return start === null ? [] : [{ path, start, isFolder }];
    })
    .filter(({ start, isFolder }) =>
      isFolder
        ? (start.startsWith(prefix) || prefix.startsWith(start)) &&
          (after.startsWith(start) || compareKeys(start, after) > 0)
        : start.startsWith(prefix) && (after === '' || compareKeys(start, after) > 0),
    )
    .toSorted((a, b) => compareKeys(a.start, b.start));
}

/** Null: no object can lie there. */
function startOf(paths: KeyPaths, folder: string): string | null {
  return paths.keyOf(`${folder}/x`)?.slice(0, -1) ?? null;
}

function passMissing(error: unknown): Dirent[] {
  if (isMissing(error) || codeOf(error) === 'ENAMETOOLONG') return [];
  throw error;
}
