import { realpathSync } from 'node:fs';
import path from 'node:path';

/**
 * Where a folder is when all symbolic links on the way to it are followed, to tell whether two settings mean the same place.
 * What does not exist yet, or cannot be looked at, is where it will be made: below the real path of what is there.
 */
export function realFolder(dir: string): string {
  const absolute = path.resolve(dir);
  try {
    return realpathSync.native(absolute);
  } catch {
    const parent = path.dirname(absolute);
    return parent === absolute ? absolute : path.join(realFolder(parent), path.basename(absolute));
  }
}

/** True when a folder is in another one, or that itself. Both are real. */
export function isWithin(inner: string, outer: string): boolean {
  const way = path.relative(outer, inner);
  return way === '' || (way !== '..' && !way.startsWith(`..${path.sep}`) && !path.isAbsolute(way));
}
