import { PictorError } from '../core/errors.ts';

const keyPattern = /^[A-Za-z0-9._-]{1,250}$/;

/**
 * Refuses keys outside the contract of `BlobStore`, so that every store accepts the same ones.
 * @throws PictorError INTERNAL: keys are made by pictor, a bad one is a bug
 */
export function checkKey(key: string): void {
  if (!keyPattern.test(key)) {
    throw new PictorError('INTERNAL', { detail: `not a store key: ${JSON.stringify(key.slice(0, 80))}` });
  }
}
