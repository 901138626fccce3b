import { createHash } from 'node:crypto';
import { canonicalText } from '../request/canonical.ts';
import type { ImageRequest } from '../request/image-request.ts';

/** Raised when pixels change on purpose: every variant made before is then out of reach and ages away. */
const pixelEpoch = 1;

/** Key of a variant, 64 hex digits: epoch and canonical text of the request. Signature and delivery never change it. */
export function variantKey(image: ImageRequest): string {
  return createHash('sha256')
    .update(`${pixelEpoch}\n${canonicalText(image)}`)
    .digest('hex');
}

/** Key of an original, 64 hex digits. */
export function originalKey(uri: string): string {
  return createHash('sha256').update(`original\n${uri}`).digest('hex');
}

/** Opaque strong ETag text: changes with the request, the epoch and any of the originals' versions. */
export function etagOf(key: string, version: string): string {
  return createHash('sha256').update(`${key}\n${version}`).digest('base64url').slice(0, 27);
}
