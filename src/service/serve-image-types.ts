import type { CacheResult, RequestTimings } from '../core/events.ts';
import type { ClientCookies, PassedHeaders, VisitRule } from '../core/ports.ts';
import type { ImageRequest } from '../request/image-request.ts';
import type { SourceRules } from './source-rules.ts';

export interface ServeRequest {
  readonly image: ImageRequest;
  /** Aborted when this client has left; the work ends when every waiter has left. */
  readonly signal: AbortSignal;
  /** Where redirects may lead on the way to the sources; absent: anywhere. */
  readonly visits?: VisitRule | undefined;
  /** The client's, for sources they may go to. Such an answer is kept for nobody else. */
  readonly cookies?: ClientCookies | undefined;
  /** Headers of the client that the sources get to see. */
  readonly passed?: PassedHeaders | undefined;
  /** How answers of the sources are taken; absent: the usual way. */
  readonly rules?: SourceRules | undefined;
  /** Says whether the client holds the picture already: then nothing is decoded. */
  readonly clientHolds?: (known: PictureValidators) => boolean;
}

/** What tells one picture from another. */
export interface PictureValidators {
  /** Opaque text without quotes; strong: same text, same bytes. */
  readonly etag: string;
  /** HTTP date of the latest source, where all gave one. */
  readonly lastModified?: string;
  /** Of the main source, as it came. */
  readonly sourceEtag?: string;
  /** Of the main source, HTTP date. */
  readonly sourceLastModified?: string;
}

export interface ServedImage extends PictureValidators {
  /** The variant's key: with `etag` it finds the bytes again in memory. */
  readonly key: string;
  /** Null when `clientHolds` said yes. */
  readonly body: Uint8Array | null;
  readonly mediaType: string;
  /** Of the source's answer, where that is passed on and no 200. */
  readonly status?: number;
  /** What the source calls what it sent, where that decides whether it is given. Absent: `mediaType` does. */
  readonly declaredType?: string;
  readonly width: number;
  readonly height: number;
  /** Of the main source: stored size of one frame, and bytes. Absent where nothing was made or kept of it. */
  readonly origin?: { readonly width: number; readonly height: number; readonly bytes: number };
  readonly cache: CacheResult;
  readonly tier?: string;
  readonly timings?: RequestTimings;
  /** Epoch milliseconds until which this answer may be repeated without asking again. */
  readonly freshUntil: number;
  /** Set where it stands in for a picture in another format that is made meanwhile: seconds it may be kept. */
  readonly standsInSeconds?: number;
  /** False: the source forbids shared caches to keep it (private, no-store). */
  readonly shareable: boolean;
  /** The source's own caching headers, for passthrough. */
  readonly sourceCacheControl?: string;
  readonly sourceExpires?: string;
  /** All that the source's answer said, lower-case names; only under rules. */
  readonly sourceHeaders?: Readonly<Record<string, string>>;
}

export type ServeImage = (request: ServeRequest) => Promise<ServedImage>;
