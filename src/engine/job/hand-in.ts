import { writeFileSync } from 'node:fs';
import path from 'node:path';
import type { NewFile } from '../../core/bucket.ts';
import { PictorError } from '../../core/errors.ts';
import { describeFailure, isMissing, makeDirectory } from '../../disk/files.ts';
import type { TransformResult } from '../../plan/engine-port.ts';

/**
 * Writes what was made to where it is wanted: its bytes then need not travel to the server, which would write the same file.
 * @throws PictorError STORAGE_FAILED
 */
export async function handIn(result: TransformResult, file: NewFile): Promise<TransformResult> {
  try {
    write(file, result.bytes);
  } catch (error) {
    if (!isMissing(error)) throw notWritten(error);
    try {
      await makeDirectory(path.dirname(file.path), file.folderMode);
      write(file, result.bytes);
    } catch (again) {
      throw notWritten(again);
    }
  }
  return { ...result, bytes: noBytes, written: result.bytes.length };
}

/** Synchronous: a worker has nothing else to do, and three trips to the thread pool cost more than the writing. */
function write({ path: name, fileMode: mode }: NewFile, bytes: Uint8Array): void {
  writeFileSync(name, bytes, { flag: 'wx', mode });
}

const noBytes = new Uint8Array(0);

const notWritten = (cause: unknown) =>
  new PictorError('STORAGE_FAILED', { detail: describeFailure(cause), cause });
