import type { Dirent } from 'node:fs';
import { opendir } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf, isMissing } from '../../disk/files.ts';
import { onDisk } from './failure.ts';
import { ownFolder } from './key-path.ts';

/**
 * Relative paths of all files below a folder, or of all its folders, each after those below it. Links to files count as
 * files, links to folders are not followed. What comes or goes meanwhile may be told or not.
 * @throws PictorError STORAGE_REFUSED, STORAGE_FAILED
 */
export async function* walkFiles(
  root: string,
  folder: string,
  what: 'files' | 'folders' = 'files',
): AsyncGenerator<string> {
  for await (const entry of entriesOf(join(root, folder))) {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
    if (path.toLowerCase() === ownFolder) continue;
    if (entry.isDirectory()) {
      yield* walkFiles(root, path, what);
      if (what === 'folders') yield path;
    } else if (what === 'files' && (entry.isFile() || entry.isSymbolicLink())) yield path;
  }
}

async function* entriesOf(folder: string): AsyncGenerator<Dirent> {
  const directory = await onDisk(() => opendir(folder, { bufferSize: 256 }).catch(passMissing));
  if (directory === null) return;
  try {
    for (;;) {
      const entry = await onDisk(() => directory.read());
      if (entry === null) return;
      yield entry;
    }
  } finally {
    await directory.close().catch(() => {});
  }
}

function passMissing(error: unknown): null {
  // A name that is too long for the system is one of a folder that is not there.
  if (isMissing(error) || codeOf(error) === 'ENAMETOOLONG') return null;
  throw error;
}
