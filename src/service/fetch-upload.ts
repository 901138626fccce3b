import { asPictorError, type ErrorCode, PictorError } from '../core/errors.ts';
import type { EmitEvent } from '../core/events.ts';
import type { Source } from '../core/ports.ts';
import { enterFetch } from './fetch-place.ts';
import type { OriginalsParts } from './held-original.ts';
import { startTransfer } from './transfer.ts';

/** Fetches what is to be uploaded from a URL, through all that guards the fetching of sources. */
export type FetchUpload = <T>(
  wanted: { readonly url: string; readonly maxBytes: number; readonly signal: AbortSignal },
  take: (body: AsyncIterable<Uint8Array>) => Promise<T>,
) => Promise<T>;

export interface FetchUploadParts
  extends Pick<OriginalsParts, 'hosts' | 'gate' | 'retryAfterSeconds' | 'now'> {
  readonly source: Source;
  readonly emit: EmitEvent;
}

/** @throws PictorError SOURCE_*, BUSY; UPLOAD_TOO_LARGE when there are more bytes than wanted */
export function createFetchUpload(parts: FetchUploadParts): FetchUpload {
  return async ({ url, maxBytes, signal }, take) => {
    // Whatever else the server can read from is not for those who upload to name.
    if (!/^https?:\/\//i.test(url))
      throw new PictorError('SOURCE_INVALID', { detail: url, reason: 'source must be an http or https URL' });
    const leave = await enterFetch(parts, url, signal);
    const began = parts.now();
    const transfer = startTransfer(signal);
    let bytes = 0;
    let outcome: 'found' | ErrorCode = 'found';
    async function* counted(body: AsyncIterable<Uint8Array>) {
      for await (const chunk of body) {
        bytes += chunk.byteLength;
        yield chunk;
      }
    }
    try {
      const answer = await parts.source.open(url, { signal: transfer.signal, maxBytes });
      if (answer.status === 'not-modified' || 'path' in answer.body)
        throw new PictorError('SOURCE_FAILED', { detail: `no bytes: ${url}` });
      return await take(counted(answer.body.stream));
    } catch (thrown) {
      const error = asPictorError(thrown);
      outcome = error.code;
      throw inUploadWords(error, url);
    } finally {
      transfer.giveUp();
      leave();
      parts.emit({ type: 'fetch', source: url, ms: parts.now() - began, bytes, outcome });
    }
  };
}

/** Whoever named the URL may know what became of it; nothing is told that only our network knows. */
function inUploadWords(error: PictorError, url: string): PictorError {
  const { code, detail, upstreamStatus } = error;
  if (!code.startsWith('SOURCE_') || error.reason !== undefined) return error;
  const more = { ...(detail === undefined ? {} : { detail }), cause: error };
  if (code === 'SOURCE_TOO_LARGE') return new PictorError('UPLOAD_TOO_LARGE', more);
  const status = upstreamStatus === undefined ? '' : `, status code: ${upstreamStatus}`;
  return new PictorError(code, {
    ...more,
    reason: `Unable to download image: ${url}${status}`,
    ...(upstreamStatus === undefined ? {} : { upstreamStatus }),
  });
}
