import { PictorError } from '../core/errors.ts';
import type { HttpResponse } from './messages.ts';

/** Whether nobody can be answered any more: the connection, or the HTTP/2 stream, is closed. */
export const isGone = (response: HttpResponse): boolean =>
  response.destroyed === true || response.stream?.destroyed === true;

/**
 * A signal that aborts when the client goes away before it was answered, with `CANCELLED` as the reason. Works for a
 * closed connection and for an HTTP/2 stream that was reset (node then calls the response finished, but not ended).
 */
export function clientSignal(response: HttpResponse): AbortSignal {
  const controller = new AbortController();
  response.once('close', () => {
    if (!response.writableEnded) controller.abort(new PictorError('CANCELLED'));
  });
  return controller.signal;
}
