import { asPictorError, type ErrorCode } from '../core/errors.ts';
import type { ClientCookies, Source, SourceStream, VisitRule } from '../core/ports.ts';
import { enterFetch } from './fetch-place.ts';
import { isShareable } from './freshness.ts';
import type { OriginalsParts } from './held-original.ts';
import { startTransfer } from './transfer.ts';

export interface StreamRequest {
  readonly uri: string;
  /** Aborted when the client has left. */
  readonly signal: AbortSignal;
  /** Headers of the client that the source gets to see; lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  /** Bytes at most, in place of the server's own bound; 0: no bound. */
  readonly maxBytes?: number | undefined;
  readonly visits?: VisitRule | undefined;
  readonly cookies?: ClientCookies | undefined;
}

/** A source's answer on its way through. It holds a place at the fetch gate until it is read to its end or closed. */
export interface StreamedSource extends Omit<SourceStream, 'body'> {
  /** False: the source forbids shared caches to keep it. */
  readonly shareable: boolean;
  body(part?: { readonly first: number; readonly last: number }): AsyncIterable<Uint8Array> | null;
  /** Lets go of the source. Call it in any case; further calls do nothing. */
  close(): void;
}

/** The use case behind a request for the source itself: nothing is kept, nothing is shared, nothing is decoded. */
export interface SourceStreams {
  /** @throws PictorError SOURCE_*, BUSY; while the body is read too */
  open(request: StreamRequest): Promise<StreamedSource>;
}

interface Parts
  extends Pick<OriginalsParts, 'hosts' | 'gate' | 'retryAfterSeconds' | 'maxBytes' | 'emit' | 'now'> {
  readonly source: Required<Pick<Source, 'stream'>>;
}

export function createSourceStreams(parts: Parts): SourceStreams {
  return {
    async open({ uri, signal, headers, visits, cookies, maxBytes = parts.maxBytes }) {
      const leave = await enterFetch(parts, uri, signal);
      const began = parts.now();
      const transfer = startTransfer(signal);
      let bytes = 0;
      let outcome: 'found' | 'not-modified' | ErrorCode = 'found';
      let closed = false;
      const close = () => {
        if (closed) return;
        closed = true;
        transfer.giveUp();
        leave();
        parts.emit({ type: 'fetch', source: uri, ms: parts.now() - began, bytes, outcome });
      };
      const failed = (thrown: unknown): unknown => {
        outcome = asPictorError(thrown).code;
        close();
        return thrown;
      };

      async function* counted(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
        try {
          for await (const chunk of body) {
            bytes += chunk.length;
            yield chunk;
          }
        } catch (thrown) {
          throw failed(thrown);
        } finally {
          close();
        }
      }

      try {
        const answer = await parts.source.stream(uri, {
          signal: transfer.signal,
          maxBytes: maxBytes || Number.MAX_SAFE_INTEGER,
          headers,
          ...(visits === undefined ? {} : { visits }),
          ...(cookies === undefined ? {} : { cookies }),
        });
        if (answer.status === 304) outcome = 'not-modified';
        return {
          ...answer,
          shareable: isShareable(answer),
          body(part) {
            const body = answer.body(part);
            return body === null ? null : counted(body);
          },
          close,
        };
      } catch (thrown) {
        throw failed(thrown);
      }
    },
  };
}
