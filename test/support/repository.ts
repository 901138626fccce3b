/** What house tests need to read the repository itself. */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';

/** Absolute path of the repository. */
export const repositoryRoot = path.resolve(import.meta.dirname, '../..');

/** Files under a folder, as paths from the repository's root with `/`, sorted. A folder that is missing has none. */
export function filesBelow(folder: string): string[] {
  const start = path.join(repositoryRoot, folder);
  if (!existsSync(start)) return [];
  return readdirSync(start, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) =>
      path.relative(repositoryRoot, path.join(entry.parentPath, entry.name)).replaceAll(path.sep, '/'),
    )
    .toSorted();
}

/** Files git tracks and that still exist; null outside a git checkout (for instance in an unpacked archive). */
export function trackedFiles(): string[] | null {
  try {
    return execFileSync('git', ['ls-files', '-z'], {
      cwd: repositoryRoot,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    })
      .split('\0')
      .filter((name) => name !== '' && existsSync(path.join(repositoryRoot, name)));
  } catch {
    return null;
  }
}
