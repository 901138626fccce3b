import { asPictorError, type PictorError } from '../core/errors.ts';
import type { HttpResponse } from './messages.ts';

/** What went out. `error`: the answer had begun and was broken off. */
export interface Sent {
  readonly status: number;
  readonly bytes: number;
  readonly error: PictorError | null;
}

export interface StreamedReply {
  readonly status: number;
  readonly headers: readonly string[];
  /** Null: none. */
  readonly body: AsyncIterable<Uint8Array> | null;
}

/**
 * Sends an answer as its bytes come, never faster than the client reads; what breaks off breaks off here too, so that nobody
 * takes it for whole.
 * @param signal aborted when the client has left
 */
export async function sendStream(
  response: HttpResponse,
  { status, headers, body }: StreamedReply,
  signal: AbortSignal,
): Promise<Sent> {
  let bytes = 0;
  try {
    response.writeHead(status, [...headers]);
    if (body !== null) {
      const room = watchRoom(response, signal);
      for await (const chunk of body) {
        bytes += chunk.length;
        if (!response.write(chunk)) await room();
      }
    }
    response.end();
    return { status, bytes, error: null };
  } catch (thrown) {
    const error = asPictorError(thrown);
    if (!response.headersSent) throw error;
    response.destroy();
    return { status, bytes, error };
  }
}

/** Waits until the client has taken what was written, or has left. */
function watchRoom(response: HttpResponse, signal: AbortSignal): () => Promise<void> {
  let wake = () => {};
  response.on('drain', () => wake());
  signal.addEventListener('abort', () => wake(), { once: true });
  return () =>
    new Promise((resolve) => {
      wake = resolve;
      if (signal.aborted) resolve();
    });
}
