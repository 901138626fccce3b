import { PictorError } from '../../core/errors.ts';
import { codeOf, describeFailure } from '../../disk/files.ts';

/** Not ours to use, as the operator set it up. */
const refusals: ReadonlySet<string> = new Set(['EACCES', 'EPERM', 'EROFS']);

/** @returns ours as they are; anything else is the disk's: STORAGE_REFUSED where it may not be used, else STORAGE_FAILED */
function folderFailure(thrown: unknown): PictorError {
  if (thrown instanceof PictorError) return thrown;
  const options = { detail: describeFailure(thrown), cause: thrown };
  return refusals.has(codeOf(thrown))
    ? new PictorError('STORAGE_REFUSED', { ...options, upstreamStatus: 403 })
    : new PictorError('STORAGE_FAILED', options);
}

/** @throws PictorError STORAGE_REFUSED, STORAGE_FAILED */
export async function onDisk<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    throw folderFailure(thrown);
  }
}
