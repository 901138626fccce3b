import type { CacheResult, RequestTimings } from '../core/events.ts';
import type { VisitRule } from '../core/ports.ts';
import type { ImageRequest } from '../request/image-request.ts';

export interface ServeRequest {
  readonly image: ImageRequest;
  /** Aborted when this client has left; the work ends when every waiter has left. */
  readonly signal: AbortSignal;
  /** Where redirects may lead on the way to the sources; absent: anywhere. */
  readonly visits?: VisitRule | undefined;
  /** Given the ETag (opaque text, no quotes), says whether the client holds it already: then nothing is decoded. */
  readonly clientHolds?: (etag: string, lastModified: string | undefined) => boolean;
}

export interface ServedImage {
  /** The variant's key: with `etag` it finds the bytes again in memory. */
  readonly key: string;
  /** Null when `clientHolds` said yes. */
  readonly body: Uint8Array | null;
  readonly mediaType: string;
  /** Opaque text without quotes; strong: same text, same bytes. */
  readonly etag: string;
  /** HTTP date of the source, where it gave a valid one. */
  readonly lastModified?: string;
  readonly width: number;
  readonly height: number;
  readonly cache: CacheResult;
  readonly tier?: string;
  readonly timings?: RequestTimings;
  /** Epoch milliseconds until which this answer may be repeated without asking again. */
  readonly freshUntil: number;
  /** False: the source forbids shared caches to keep it (private, no-store). */
  readonly shareable: boolean;
  /** The source's own caching headers, for passthrough. */
  readonly sourceCacheControl?: string;
  readonly sourceExpires?: string;
}

export type ServeImage = (request: ServeRequest) => Promise<ServedImage>;
