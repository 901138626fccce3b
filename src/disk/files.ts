import { mkdir, open, rename, rmdir, stat, unlink, utimes } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Owner only: blobs may be private pictures. */
const directoryMode = 0o700;
export const fileMode = 0o600;

/** The system's error code (`ENOENT` …), or an empty text for anything else that was thrown. */
export function codeOf(thrown: unknown): string {
  const code = thrown instanceof Error ? (thrown as NodeJS.ErrnoException).code : undefined;
  return code ?? '';
}

/** No room on the disk, for this user, or for another file name. */
export const isDiskFull = (thrown: unknown): boolean => ['ENOSPC', 'EDQUOT'].includes(codeOf(thrown));

export const isMissing = (thrown: unknown): boolean => ['ENOENT', 'ENOTDIR'].includes(codeOf(thrown));

/** What an operator needs to know of a failed file operation. */
export function describeFailure(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** Bytes a file takes on disk, near enough: disks hand out blocks, so a million tiny files are not tiny. Never 0. */
export function diskBytes(size: number): number {
  return Math.max(1, Math.ceil(size / 4096)) * 4096;
}

/**
 * Makes a folder and those above it that are missing, one by one: node's own recursive call never comes back where a folder
 * that is there answers ENOENT (`/proc/x`). The error thrown is the system's reason for the first folder it refused.
 */
export async function makeDirectory(path: string, mode = directoryMode): Promise<void> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      await mkdir(path, { mode });
      return;
    } catch (error) {
      const parent = dirname(path);
      // Several times, because folders that are empty may be removed as soon as they are made.
      if (codeOf(error) !== 'ENOENT' || parent === path || attempt === 5) return passOver(error, path);
      await makeDirectory(parent, mode);
    }
  }
}

/** A folder that is there already is what was wanted, also where making one is refused (read-only file systems). */
async function passOver(refusal: unknown, path: string): Promise<void> {
  const there = await stat(path).catch(() => null);
  if (there?.isDirectory() !== true) throw refusal;
}

/** True when this call removed the file; false when it was gone or cannot be removed. */
export async function removeFile(path: string): Promise<boolean> {
  try {
    await unlink(path);
    return true;
  } catch {
    return false;
  }
}

/** Leaves a folder that is not empty as it is: the system refuses. */
export async function removeEmptyDirectory(path: string): Promise<void> {
  await rmdir(path).catch(() => {});
}

/** Sets both times of a file to `seconds`; a file system that refuses only makes eviction less exact. */
export async function stampFile(path: string, seconds: number): Promise<void> {
  await utimes(path, seconds, seconds).catch(() => {});
}

/** Moves a file into a folder that may not exist yet, or may be removed as empty at this very moment. */
export async function moveInto(from: string, to: string): Promise<void> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      await rename(from, to);
      return;
    } catch (error) {
      if (!isMissing(error) || attempt === 5) throw error;
      await makeDirectory(dirname(to));
    }
  }
}

/** The same where the folder most likely does not exist: it is made first, and no attempt is in vain. */
export async function moveIntoNew(from: string, to: string): Promise<void> {
  // What goes wrong here the move meets again, and tells.
  await mkdir(dirname(to), { mode: directoryMode }).catch(() => {});
  await moveInto(from, to);
}

/** Makes renames in this folder survive a power failure (fsync of a directory; platforms without it refuse). */
export async function syncDirectory(path: string): Promise<void> {
  const handle = await open(path, 'r').catch(() => null);
  if (handle === null) return;
  try {
    await handle.sync();
  } catch (error) {
    if (!['EINVAL', 'EPERM', 'EISDIR', 'ENOTSUP'].includes(codeOf(error))) throw error;
  } finally {
    await handle.close();
  }
}

/**
 * A clock for file times in seconds that never shows the same time twice, so that the order of use is exact even within
 * one tick of the system's clock.
 */
export function createStampClock(now: () => number): () => number {
  let last = 0;
  return () => {
    const millis = now();
    // A step back of the system's clock must show, or files would be stamped with a time far ahead for ever.
    last = millis > last || last - millis > 1000 ? millis : last + 0.001;
    return last / 1000;
  };
}
