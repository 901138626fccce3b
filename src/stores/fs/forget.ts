import type { Stats } from 'node:fs';
import { type FileHandle, open, unlink } from 'node:fs/promises';
import { codeOf, diskBytes, isMissing, removeFile } from '../../disk/files.ts';
import type { KeyedQueue } from '../../lib/keyed-queue.ts';
import type { Budget } from './budget.ts';
import { bodyPath } from './layout.ts';
import { decodeHead, type RecordHead, usualHeadLength } from './record.ts';
import type { Retirement } from './retirement.ts';

export interface ForgetOrder {
  readonly bucket: number;
  /** Path of the record. */
  readonly record: string;
  /** Decides by the record's file whether it is still the one that was meant. */
  readonly when?: (facts: Stats) => boolean;
  /**
   * `late`: a separate body stays for the grace time. `now`: it goes at once unless somebody just asked for its path.
   * `erased`: it goes at once.
   */
  readonly body: 'late' | 'now' | 'erased';
}

/** Removes one blob; bytes freed, 0 when it was gone or is not the one that was meant. @throws the system's error */
export type Forget = (order: ForgetOrder) => Promise<number>;

export interface ForgetParts {
  readonly budget: Budget;
  readonly retirement: Retirement;
  /** One at a time per record. */
  readonly queue: KeyedQueue;
}

/**
 * `get` hands out the path of a separate body in this order: stamp the record, look for the body, look for the record
 * once more. Here it is: remove the record, look at its stamp, remove the body. So either `get` sees that the record has
 * gone, or the new stamp is seen here and the body stays for a while: also between processes.
 */
export function createForget(parts: ForgetParts): Forget {
  const { budget, retirement } = parts;

  async function forgetNow(order: ForgetOrder): Promise<number> {
    const handle = await openRecord(order.record);
    if (handle === null) return 0;
    try {
      const before = await handle.stat();
      if (order.when !== undefined && !order.when(before)) return 0;
      const head = await readRecordHead(handle);
      if (!(await unlinkPresent(order.record))) return 0;
      const bytes = diskBytes(before.size);
      budget.change(order.bucket, -bytes, -1);
      if (head === null || head.bodyName === null) return bytes;
      const body = { path: bodyPath(order.record, head.bodyName), bucket: order.bucket, size: head.size };
      const asked = (await handle.stat()).mtimeMs !== before.mtimeMs;
      if (order.body === 'late' || (asked && order.body === 'now')) await retirement.retire(body);
      else if (await removeFile(body.path)) {
        budget.change(order.bucket, -diskBytes(body.size), 0);
        return bytes + diskBytes(body.size);
      }
      return bytes;
    } finally {
      await handle.close();
    }
  }

  return (order) => parts.queue.run(order.record, () => forgetNow(order));
}

/** Null when there is no such file. */
export async function openRecord(path: string): Promise<FileHandle | null> {
  try {
    return await open(path, 'r');
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

/** The head of a record; null when the file is damaged. */
export async function readRecordHead(handle: FileHandle): Promise<RecordHead | null> {
  const start = Buffer.allocUnsafe(usualHeadLength);
  const { bytesRead } = await handle.read(start, 0, start.byteLength, 0);
  const head = decodeHead(start.subarray(0, bytesRead));
  if (head !== 'longer') return head;
  const whole = decodeHead(await readFrom(handle));
  return whole === 'longer' ? null : whole;
}

/** All bytes of a file, read from its beginning. */
export async function readFrom(handle: FileHandle, size?: number): Promise<Buffer> {
  const length = size ?? (await handle.stat()).size;
  // Not from the shared pool: the body is kept in memory and must not keep strangers' bytes alive.
  const bytes = Buffer.allocUnsafeSlow(length);
  let done = 0;
  while (done < length) {
    const { bytesRead } = await handle.read(bytes, done, length - done, done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return bytes.subarray(0, done);
}

async function unlinkPresent(path: string): Promise<boolean> {
  try {
    await unlink(path);
    return true;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false;
    throw error;
  }
}
