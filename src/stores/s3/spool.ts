import { randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { appendFile, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { crc32 } from 'node:zlib';
import { PictorError } from '../../core/errors.ts';
import { joinChunks } from '../collect.ts';

/** A body that has arrived as a whole: its facts have to be known before the first byte is sent to S3. */
export interface Spooled {
  readonly size: number;
  /** CRC-32. */
  readonly check: number;
  /** The body with these bytes behind it, to be sent once. */
  send(tail: Uint8Array): Promise<Uint8Array | Readable>;
  /** Removes the file, if there is one. */
  drop(): Promise<void>;
}

interface Bounds {
  /** Up to this many bytes are held in memory; more go to a temporary file. */
  readonly inMemory: number;
  readonly maxBytes: number;
}

/** Bytes at hand. */
export function spoolBytes(bytes: Uint8Array): Spooled {
  return {
    size: bytes.byteLength,
    check: crc32(bytes),
    send: async (tail) => (tail.byteLength === 0 ? bytes : Buffer.concat([bytes, tail])),
    drop: async () => {},
  };
}

/**
 * Takes a stream in. Null when it is longer than allowed: the rest is not read.
 * @throws whatever the stream throws; PictorError STORE_FAILED when the file cannot be written
 */
export async function spoolStream(
  stream: AsyncIterable<Uint8Array>,
  { inMemory, maxBytes }: Bounds,
): Promise<Spooled | null> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  let file: SpoolFile | null = null;
  try {
    for await (const chunk of stream) {
      size += chunk.byteLength;
      if (size > maxBytes) {
        await file?.remove();
        return null;
      }
      chunks.push(chunk);
      if (size <= inMemory) continue;
      file ??= await openSpoolFile();
      for (const held of chunks.splice(0)) await file.write(held);
    }
    if (file === null) return spoolBytes(joinChunks(chunks, size));
    return await file.close();
  } catch (thrown) {
    await file?.remove();
    throw thrown;
  }
}

interface SpoolFile {
  write(chunk: Uint8Array): Promise<void>;
  close(): Promise<Spooled>;
  remove(): Promise<void>;
}

async function openSpoolFile(): Promise<SpoolFile> {
  const path = join(tmpdir(), `pictor-upload-${randomBytes(8).toString('hex')}`);
  const handle = await attempt(() => open(path, 'wx', 0o600));
  let check = 0;
  let size = 0;
  const remove = async () => {
    await handle.close().catch(() => {});
    await rm(path, { force: true }).catch(() => {});
  };
  return {
    remove,
    async write(chunk) {
      check = crc32(chunk, check);
      size += chunk.byteLength;
      await attempt(() => handle.writeFile(chunk));
    },
    async close() {
      await attempt(() => handle.close());
      return {
        size,
        check,
        async send(tail) {
          if (tail.byteLength > 0) await attempt(() => appendFile(path, tail));
          return createReadStream(path);
        },
        drop: remove,
      };
    },
  };
}

async function attempt<T>(operation: () => Promise<T>): Promise<T> {
  try {
    return await operation();
  } catch (cause) {
    const detail = cause instanceof Error ? cause.message : String(cause);
    throw new PictorError('STORE_FAILED', { detail: `temporary file: ${detail}`, cause });
  }
}
