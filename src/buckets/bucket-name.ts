import { PictorError } from '../core/errors.ts';
import { isBucketName } from '../request/bucket-name.ts';

/** @throws PictorError STORAGE_REFUSED with upstreamStatus 404 for a name no bucket can have */
export function checkBucketName(name: string): void {
  if (isBucketName(name)) return;
  const detail = `no name of a bucket: ${JSON.stringify(name.slice(0, 100))}`;
  throw new PictorError('STORAGE_REFUSED', { detail, upstreamStatus: 404 });
}
