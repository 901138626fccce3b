import { hash, randomBytes } from 'node:crypto';
import { closeSync, fdatasync, openSync } from 'node:fs';
import { chmod, constants, copyFile, link, open, readdir, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { NewFile } from '../../core/bucket.ts';
import { PictorError } from '../../core/errors.ts';
import { codeOf, isMissing, makeDirectory, removeFile } from '../../disk/files.ts';
import { isAlive } from '../../disk/left-behind.ts';
import { throwIfLeft } from '../left.ts';
import { folderMode } from './durable-folders.ts';

/** A whole file on its way to its place, on the disk for good. */
export interface StagedFile {
  readonly path: string;
  readonly size: number;
  /** Removes it where it still is. */
  drop(): Promise<void>;
}

/** A file that somebody else writes. */
export interface DraftFile {
  readonly file: NewFile;
  /** Brings what was written to the disk. @throws the system's errors */
  flush(): Promise<void>;
  /** Removes it. Never rejects. */
  drop(): Promise<void>;
}

/** What can be written: as `ObjectBody`, or bytes as they arrive. */
export type StageableBody =
  | Uint8Array
  | { readonly file: string; readonly size: number }
  | AsyncIterable<Uint8Array>;

/** Files that are being written, in a folder on the same file system as their place. */
export interface Incoming {
  /** Leaves nothing behind when it fails. @throws PictorError CANCELLED; the system's errors */
  stage(body: StageableBody, signal?: AbortSignal): Promise<StagedFile>;
  /** A second name of a file that is on the disk for good; a copy where there are no such. @throws the system's errors */
  stageLink(file: string, size: number): Promise<StagedFile>;
  /** A name for a file, in a folder that may have to be made. */
  draft(): DraftFile;
  /** Settles when leftovers are gone. Never rejects. */
  cleaned(): Promise<void>;
}

/** Owner and group: a web server in the same group may read along. */
const fileMode = 0o640;

/** Containers may share a volume, and their process ids mean nothing to each other. */
const hostMark = hash('sha256', hostname()).slice(0, 8);
/** Of this process: a container that is started again often has the same host name and process id. */
const processMark = randomBytes(6).toString('hex');
const namePattern = /^([0-9a-f]{8})-(\d+)-([0-9a-f]{12})-/;

const datasync = promisify(fdatasync);

/** Nobody writes one file for that long. */
const abandonedAfterMs = 24 * 60 * 60_000;

let count = 0;

/** A name nobody else uses, which tells who made it. */
export function ownName(): string {
  count += 1;
  return `${hostMark}-${process.pid}-${processMark}-${count}`;
}

/** True: this process gave this name. */
export const isOwnName = (name: string): boolean => name.includes(`-${processMark}-`);

/** Whether the process that gave this name is gone; null: it lives elsewhere, or the name is none of ours. */
export function isOrphan(name: string): boolean | null {
  const [, host, pid, mark] = namePattern.exec(name) ?? [];
  if (host !== hostMark) return null;
  return mark !== processMark && (Number(pid) === process.pid || !isAlive(Number(pid)));
}

/** Opens the folder and removes, in the background, what processes left there that are gone. */
export function createIncoming(folder: string): Incoming {
  const cleaning = removeLeftovers(folder).catch(() => {});

  const dropOf = (path: string) => async () => void (await removeFile(path));

  async function stageBy(write: (path: string) => Promise<number>): Promise<StagedFile> {
    const path = join(folder, ownName());
    const drop = dropOf(path);
    try {
      return { path, size: await writeThere(path, write), drop };
    } catch (thrown) {
      await drop();
      throw thrown;
    }
  }

  /** The folder is there, but for the first time and where somebody tidied up. Then nothing of the body is read yet. */
  async function writeThere(path: string, write: (path: string) => Promise<number>): Promise<number> {
    try {
      return await write(path);
    } catch (error) {
      if (!isMissing(error) || !isAbout(error, path)) throw error;
    }
    await makeDirectory(folder, folderMode);
    return write(path);
  }

  return {
    cleaned: () => cleaning,
    draft() {
      const path = join(folder, ownName());
      return { file: { path, fileMode, folderMode }, flush: () => flushFile(path), drop: dropOf(path) };
    },
    async stage(body, signal) {
      throwIfLeft(signal);
      try {
        return await stageBy((path) =>
          'file' in body ? copyInto(path, body) : writeInto(path, body, signal),
        );
      } catch (thrown) {
        throwIfLeft(signal);
        throw thrown;
      }
    },
    stageLink: (file, size) =>
      stageBy(async (path) => {
        if (!(await linkInto(path, file))) await copyInto(path, { file, size });
        return size;
      }),
  };
}

/** The body may be a file, too, and be missing. */
const isAbout = (error: unknown, path: string): boolean => {
  const about = error as { readonly path?: unknown; readonly dest?: unknown };
  return about.path === path || about.dest === path;
};

/** File systems without hard links, or none more of this file. */
const noLinks: ReadonlySet<string> = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EXDEV']);

/** Gives a file a second name; false where that cannot be. @throws the system's errors, EEXIST among them */
export async function linkInto(path: string, file: string): Promise<boolean> {
  try {
    await link(file, path);
    return true;
  } catch (error) {
    if (noLinks.has(codeOf(error))) return false;
    throw error;
  }
}

/** A copy, on the disk for good. Where the file system can, both then share their blocks. @returns its bytes */
export async function copyInto(
  path: string,
  { file, size }: { readonly file: string; readonly size: number },
): Promise<number> {
  await copyFile(file, path, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
  // A copy has the mode of its file, which may be one that not even its owner can write to.
  await chmod(path, fileMode);
  const handle = await open(path, 'r+');
  try {
    const found = await handle.stat();
    if (found.size !== size) {
      const detail = `${file} has ${found.size} bytes, not ${size}`;
      throw new PictorError('STORAGE_FAILED', { detail });
    }
    await handle.sync();
    return size;
  } finally {
    await handle.close();
  }
}

/**
 * What is in it; its times may be lost. Only the disk is waited for: what was written a moment ago is opened and closed in
 * less time than a trip to the thread pool takes.
 */
async function flushFile(path: string): Promise<void> {
  const file = openSync(path, 'r+');
  try {
    await datasync(file);
  } finally {
    closeSync(file);
  }
}

async function writeInto(
  path: string,
  body: Uint8Array | AsyncIterable<Uint8Array>,
  signal: AbortSignal | undefined,
): Promise<number> {
  const handle = await open(path, 'wx', fileMode);
  try {
    let size = 0;
    for await (const chunk of body instanceof Uint8Array ? [body] : body) {
      throwIfLeft(signal);
      await handle.writeFile(chunk);
      size += chunk.byteLength;
    }
    throwIfLeft(signal);
    await handle.sync();
    return size;
  } finally {
    await handle.close();
  }
}

async function removeLeftovers(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    if (isOrphan(name) ?? (await isAbandoned(path))) await removeFile(path);
  }
}

async function isAbandoned(path: string): Promise<boolean> {
  try {
    return Date.now() - (await stat(path)).mtimeMs > abandonedAfterMs;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}
