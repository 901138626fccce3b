import { createHash, hash, randomBytes } from 'node:crypto';
import { type FileHandle, mkdir, open, readdir, rm, unlink } from 'node:fs/promises';
import { hostname } from 'node:os';
import path from 'node:path';
import { PictorError } from '../core/errors.ts';
import { isAlive, isOwnFolder } from '../disk/left-behind.ts';

/** A whole upload, in a file of its own. */
export interface StagedUpload {
  readonly path: string;
  readonly bytes: number;
  /** Hexadecimal. */
  readonly md5: string;
  /** Removes the file. Never rejects. */
  drop(): Promise<void>;
}

/** Where uploads are until they are complete and known to be good. */
export interface Staging {
  /**
   * Writes what arrives to a file, never more than `maxBytes`; whatever ends it early leaves nothing behind.
   * @throws PictorError UPLOAD_TOO_LARGE, STORAGE_FAILED when the disk is full; what the stream throws
   */
  receive(body: AsyncIterable<Uint8Array>, maxBytes: number): Promise<StagedUpload>;
  /** Removes what is left, of this run. */
  close(): Promise<void>;
}

/** Containers may share a folder, and their process ids mean nothing to each other. */
const hostMark = hash('sha256', hostname()).slice(0, 8);
const namePattern = /^uploads-([0-9a-f]{8})-(\d+)-[0-9a-f]{12}$/;

/** Owner only: uploads may be private pictures. */
const folderMode = 0o700;
const fileMode = 0o600;

/**
 * A folder of this run below `parent`, made with the first upload. What runs of this machine left that are gone is removed
 * in the background.
 */
export function createStaging(parent: string): Staging {
  const own = `uploads-${hostMark}-${process.pid}-${randomBytes(6).toString('hex')}`;
  const folder = path.join(parent, own);
  const cleaned = removeLeftovers(parent, own).catch(() => {});
  let made: Promise<unknown> | null = null;
  let count = 0;

  async function create(): Promise<{ handle: FileHandle; file: string }> {
    made ??= mkdir(folder, { recursive: true, mode: folderMode });
    try {
      await made;
      count += 1;
      const file = path.join(folder, String(count));
      return { handle: await open(file, 'wx', fileMode), file };
    } catch (cause) {
      // Somebody tidied up: made anew with the next one.
      made = null;
      throw diskFailure(cause);
    }
  }

  return {
    async receive(body, maxBytes) {
      const { handle, file } = await create();
      const drop = () => unlink(file).catch(() => {});
      try {
        const { bytes, md5 } = await write(handle, body, maxBytes);
        await handle.close();
        return { path: file, bytes, md5, drop };
      } catch (thrown) {
        await handle.close().catch(() => {});
        await drop();
        throw thrown;
      }
    },
    async close() {
      await cleaned;
      await rm(folder, { recursive: true, force: true }).catch(() => {});
    },
  };
}

async function write(handle: FileHandle, body: AsyncIterable<Uint8Array>, maxBytes: number) {
  const digest = createHash('md5');
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.byteLength;
    if (bytes > maxBytes)
      throw new PictorError('UPLOAD_TOO_LARGE', { detail: `more than ${maxBytes} bytes` });
    digest.update(chunk);
    await handle.writeFile(chunk).catch((cause: unknown) => {
      throw diskFailure(cause);
    });
  }
  return { bytes, md5: digest.digest('hex') };
}

const diskFailure = (cause: unknown): PictorError =>
  new PictorError('STORAGE_FAILED', {
    detail: `staged upload: ${cause instanceof Error ? cause.message : String(cause)}`,
    cause,
  });

async function removeLeftovers(parent: string, own: string): Promise<void> {
  for (const name of await readdir(parent)) {
    if (name === own || !isLeftover(name)) continue;
    const folder = path.join(parent, name);
    if (await isOwnFolder(folder)) await rm(folder, { recursive: true, force: true });
  }
}

/** A container that is started again often has the same host name and process id. */
function isLeftover(name: string): boolean {
  const [, host, pid] = namePattern.exec(name) ?? [];
  return host === hostMark && (Number(pid) === process.pid || !isAlive(Number(pid)));
}
