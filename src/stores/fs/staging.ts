import { writeFile } from 'node:fs';
import { chmod, type FileHandle, open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { crc32 } from 'node:zlib';
import { diskBytes, fileMode, isMissing, makeDirectory, removeFile, stampFile } from '../../disk/files.ts';
import type { Claim } from './claims.ts';
import { sumOf } from './verdicts.ts';

/** A whole file in the folder for drafts, ready to be renamed to its place. */
export interface Draft {
  readonly path: string;
  readonly size: number;
  /** CRC-32 of its bytes. */
  readonly sum: number;
}

export interface StagingOptions {
  /** Folder for drafts, on the same file system as the blobs. */
  readonly directory: string;
  /** Starts the name of every draft of this process. */
  readonly instance: string;
  /** Flush to the disk before the draft counts as written. */
  readonly durable: boolean;
  /** File time of the draft, seconds; null: the one that the file system gives it. */
  readonly stamp: (() => number) | null;
  /** Runs a file operation; makes room and tries again while the disk is full. @throws PictorError STORE_FAILED */
  readonly attempt: <T>(bytes: number, operation: () => Promise<T>) => Promise<T>;
}

export interface DraftOrder {
  /** The whole body, or its pieces. */
  readonly body: Uint8Array | AsyncIterable<Uint8Array>;
  readonly claim: Claim;
  /** Bytes on disk that the claim covers besides this draft. */
  readonly besides: number;
  /** A longer body is given up: null is returned. */
  readonly maxBytes: number;
}

export interface Staging {
  /** Writes a draft. Leaves no file behind when it fails. @throws PictorError STORE_FAILED, or what the chunks throw */
  write(order: DraftOrder): Promise<Draft | null>;
  /** Path of a draft that somebody else writes. @param ending of its name @throws PictorError STORE_FAILED */
  name(ending: string): Promise<string>;
  /** Takes such a draft as it is; null: it is longer than that. @throws PictorError STORE_FAILED */
  take(order: Pick<DraftOrder, 'claim' | 'maxBytes'> & { readonly path: string }): Promise<Draft | null>;
}

/** With a callback: a file handle costs as much again as the writing of a small file. */
const writeWhole = promisify(writeFile);

export function createStaging(options: StagingOptions): Staging {
  const { attempt } = options;
  let drafts = 0;

  async function inFolder<T>(operation: () => Promise<T>): Promise<T> {
    try {
      return await operation();
    } catch (error) {
      if (!isMissing(error)) throw error;
      // Somebody emptied the cache folder while we run: fine.
      await makeDirectory(options.directory);
      return operation();
    }
  }

  /** A body at hand, in as few steps as there can be: each is a trip to the thread pool. */
  async function writeBytes(path: string, bytes: Uint8Array, order: DraftOrder): Promise<Draft | null> {
    const size = bytes.byteLength;
    if (size > order.maxBytes) return null;
    await attempt(size, () => order.claim.reserve(order.besides + diskBytes(size)));
    const settings = { flag: 'wx', mode: fileMode, flush: options.durable };
    await attempt(size, async () => {
      try {
        await inFolder(() => writeWhole(path, bytes, settings));
      } catch (error) {
        await removeFile(path);
        throw error;
      }
    });
    if (options.stamp !== null) await stampFile(path, options.stamp());
    return { path, size, sum: crc32(bytes) };
  }

  async function writeChunk(handle: FileHandle, chunk: Uint8Array, position: number): Promise<void> {
    let done = 0;
    while (done < chunk.byteLength) {
      const rest = chunk.byteLength - done;
      const { bytesWritten } = await attempt(rest, () => handle.write(chunk, done, rest, position + done));
      done += bytesWritten;
    }
  }

  async function fill(
    handle: FileHandle,
    body: AsyncIterable<Uint8Array>,
    order: DraftOrder,
  ): Promise<{ size: number; sum: number } | null> {
    let size = 0;
    let sum = 0;
    for await (const chunk of body) {
      if (size + chunk.byteLength > order.maxBytes) return null;
      const needed = order.besides + diskBytes(size + chunk.byteLength);
      await attempt(chunk.byteLength, () => order.claim.reserve(needed));
      await writeChunk(handle, chunk, size);
      size += chunk.byteLength;
      sum = crc32(chunk, sum);
    }
    return { size, sum };
  }

  async function finish(handle: FileHandle): Promise<void> {
    const time = options.stamp?.();
    // Without an exact time eviction is less exact, nothing else.
    if (time !== undefined) await handle.utimes(time, time).catch(() => {});
    if (options.durable) await attempt(0, () => handle.sync());
  }

  async function writePieces(
    path: string,
    body: AsyncIterable<Uint8Array>,
    order: DraftOrder,
  ): Promise<Draft | null> {
    const handle = await attempt(0, () => inFolder(() => open(path, 'wx', fileMode)));
    let filled: { size: number; sum: number } | null = null;
    try {
      filled = await fill(handle, body, order);
      if (filled !== null) await finish(handle);
    } catch (error) {
      await handle.close().catch(() => {});
      await removeFile(path);
      throw error;
    }
    try {
      await attempt(0, () => handle.close());
    } catch (error) {
      await removeFile(path);
      throw error;
    }
    if (filled === null) await removeFile(path);
    return filled === null ? null : { path, ...filled };
  }

  function nextPath(ending = ''): string {
    drafts += 1;
    return join(options.directory, `${options.instance}-${drafts}${ending}`);
  }

  return {
    async name(ending) {
      // Somebody may have emptied the cache folder while we run.
      await attempt(0, () => makeDirectory(options.directory));
      return nextPath(ending);
    },
    async take({ path, claim, maxBytes }) {
      const { size } = await attempt(0, () => stat(path));
      if (size > maxBytes) return null;
      await attempt(0, () => claim.reserve(diskBytes(size)));
      const sum = await attempt(0, () => sumOf(path));
      await attempt(0, () => chmod(path, fileMode));
      if (options.durable) await attempt(0, () => syncFile(path));
      return { path, size, sum };
    },
    async write(order) {
      const path = nextPath();
      const { body } = order;
      return body instanceof Uint8Array ? writeBytes(path, body, order) : writePieces(path, body, order);
    },
  };
}

async function syncFile(path: string): Promise<void> {
  const handle = await open(path, 'r+');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
