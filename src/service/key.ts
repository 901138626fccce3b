import { createHash } from 'node:crypto';
import { canonicalText } from '../request/canonical.ts';
import type { ImageRequest } from '../request/image-request.ts';

/** Raised when pixels change on purpose: every variant made before is then out of reach and ages away. */
const pixelEpoch = 1;

/**
 * Key of a variant, 64 hex digits: epoch and canonical text of the request. Signature and delivery never change it.
 * @param audience for whom alone it is; absent: for everybody
 */
export function variantKey(image: ImageRequest, audience?: string): string {
  return hashed(`${pixelEpoch}\n${canonicalText(image)}`, audience);
}

/** Key of an original, 64 hex digits. @param audience for whom alone it is; absent: for everybody */
export function originalKey(uri: string, audience?: string): string {
  return hashed(`original\n${uri}`, audience);
}

const hashed = (text: string, audience: string | undefined): string =>
  createHash('sha256')
    .update(audience === undefined ? text : `for ${audience}\n${text}`)
    .digest('hex');

/** Opaque strong ETag text: changes with the request, the epoch and any of the originals' versions. */
export function etagOf(key: string, version: string): string {
  return createHash('sha256').update(`${key}\n${version}`).digest('base64url').slice(0, 27);
}
