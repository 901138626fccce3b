import { statSync } from 'node:fs';
import path from 'node:path';
import { realFolder } from './real-folder.ts';

/** What is wrong with the folder that `local:///` sources are read from; null when it can be read or none is named. */
export function fileRootProblem(root: string): string | null {
  if (root === '') return null;
  try {
    return statSync(root).isDirectory() ? null : 'this is not a folder';
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    return code === 'ENOENT' ? 'this folder does not exist' : `this folder cannot be read (${code})`;
  }
}

/** True when the whole file system is given away. */
export const isWholeDisk = (root: string): boolean =>
  root !== '' && realFolder(root) === path.parse(path.resolve(root)).root;
