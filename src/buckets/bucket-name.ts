import { PictorError } from '../core/errors.ts';

/**
 * Names of buckets, those from before 2018 included. Not an ARN: that would name a bucket in another way than the operator
 * does. Without a slash and never a dot first, so that it is a folder's name as well.
 */
const bucketPattern = /^[A-Za-z0-9][A-Za-z0-9._-]{1,254}$/;

/** @throws PictorError STORAGE_REFUSED with upstreamStatus 404 for a name no bucket can have */
export function checkBucketName(name: string): void {
  if (bucketPattern.test(name)) return;
  const detail = `no name of a bucket: ${JSON.stringify(name.slice(0, 100))}`;
  throw new PictorError('STORAGE_REFUSED', { detail, upstreamStatus: 404 });
}
