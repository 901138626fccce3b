import type { Duplex } from 'node:stream';
import type { EmitEvent, PictorEvent } from '../core/events.ts';
import type { HttpRequest, HttpResponse } from './messages.ts';
import { sendReply } from './send-reply.ts';

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
  emit(
    refusal({ status: Number(status.slice(0, 3)), client: socket.remoteAddress, detail: error.code ?? '' }),
  );
}

interface Malformed {
  readonly request: HttpRequest;
  readonly response: HttpResponse & { shouldKeepAlive?: boolean };
  readonly detail: string;
  readonly emit: EmitEvent;
}

/** Answers what node let pass and HTTP forbids in the same way. HTTP/1: what follows on the connection is not trusted. */
export function refuseMalformed({ request, response, detail, emit }: Malformed): void {
  if ('shouldKeepAlive' in response) response.shouldKeepAlive = false;
  const reply = { status: 400, headers: ['Content-Type', 'text/plain'], body: 'Bad Request\n' };
  sendReply(response, reply, request.method ?? '');
  emit(refusal({ status: reply.status, client: request.socket.remoteAddress, detail }));
}

interface Refusal {
  readonly status: number;
  readonly client: string | undefined;
  readonly detail: string;
}

/** Nothing of the request itself is told: it cannot be trusted to be what it says. */
const refusal = ({ status, client = '-', detail }: Refusal): PictorEvent => ({
  type: 'request',
  id: '-',
  method: '-',
  target: '-',
  status,
  mount: '-',
  bytes: 0,
  ms: 0,
  cache: 'none',
  client,
  detail,
});
