import type { Duplex } from 'node:stream';
import type { EmitEvent } from '../core/events.ts';

export interface ClientErrorFacts {
  readonly error: Error & { readonly code?: string };
  readonly socket: Duplex & { readonly remoteAddress?: string | undefined };
  /** An answer has begun on the socket: nothing may be written into it. */
  readonly answering: boolean;
  readonly emit: EmitEvent;
}

/** What node's HTTP/1 parser and timers complain of; everything else is a broken connection or handshake. */
function statusFor(code: string): string | null {
  if (code === 'HPE_HEADER_OVERFLOW') return '431 Request Header Fields Too Large';
  if (code === 'HPE_CHUNK_EXTENSIONS_OVERFLOW') return '413 Content Too Large';
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return '408 Request Timeout';
  return code.startsWith('HPE_') ? '400 Bad Request' : null;
}

/**
 * Answers bytes that are no HTTP request: status line, nothing of what was received or how it was read, and the
 * connection is closed. Nothing is written into an answer that has begun. One log line, as for any request.
 */
export function answerClientError({ error, socket, answering, emit }: ClientErrorFacts): void {
  const status = statusFor(error.code ?? '');
  if (status === null || !socket.writable) {
    socket.destroy();
    return;
  }
  const body = `${status.slice(4)}\n`;
  const head = `HTTP/1.1 ${status}\r\nContent-Type: text/plain\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n`;
  if (answering) socket.destroy();
  else socket.end(head + body, () => socket.destroy());
  emit({
    type: 'request',
    id: '-',
    method: '-',
    target: '-',
    status: Number(status.slice(0, 3)),
    mount: '-',
    bytes: 0,
    ms: 0,
    cache: 'none',
    client: socket.remoteAddress ?? '-',
    detail: error.code ?? '',
  });
}
