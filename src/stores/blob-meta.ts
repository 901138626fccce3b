import type { BlobMeta } from '../core/ports.ts';

/** The facts of a blob from the JSON that a store keeps beside it; null when that is none. */
export function parseBlobMeta(text: Buffer): BlobMeta | null {
  try {
    const meta: unknown = JSON.parse(text.toString());
    return typeof meta === 'object' && meta !== null ? (meta as BlobMeta) : null;
  } catch {
    return null;
  }
}
