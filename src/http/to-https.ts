import type { EmitEvent } from '../core/events.ts';
import type { HttpHandler, HttpRequest } from './messages.ts';
import { createRequestIds } from './request-id.ts';
import { sendReply } from './send-reply.ts';

export interface ToHttpsParts {
  /** Port that clients reach HTTPS at. */
  readonly httpsPort: () => number;
  readonly clientOf: (request: HttpRequest) => string;
  readonly emit: EmitEvent;
}

const permanently = 301;

/**
 * Sends every request to the same place over HTTPS: host as the client named it, without its port, target byte for byte.
 */
export function createToHttps({ httpsPort, clientOf, emit }: ToHttpsParts): HttpHandler {
  const idOf = createRequestIds();
  return (request, response) => {
    const began = performance.now();
    const { method = 'GET', url = '/' } = request;
    const id = idOf(request.headers['x-request-id'], request.headers['x-amzn-request-context']);
    const location = httpsLocation(url, request.headers.host ?? '', httpsPort());
    const status = location === null ? 400 : permanently;
    const headers = ['X-Request-ID', id, 'Content-Type', 'text/plain; charset=utf-8'];
    const body = location === null ? 'Bad Request\n' : 'Moved Permanently\n';
    if (location !== null) headers.push('Location', location);
    const bytes = sendReply(response, { status, headers, body }, method);
    emit({
      type: 'request',
      id,
      method,
      // Nobody knows yet whose URL it is, and some have tokens in their queries.
      target: url.replace(/\?.+/s, '?…'),
      status,
      mount: '',
      bytes,
      ms: performance.now() - began,
      cache: 'none',
      client: clientOf(request),
    });
  };
}

/** Null where nobody said which host is meant. */
function httpsLocation(target: string, host: string, port: number): string | null {
  const absolute = /^https?:\/\/([^/?#]+)([/?].*)?$/is.exec(target);
  const authority = absolute?.[1] ?? host;
  const local = (absolute === null ? target : (absolute[2] ?? '/')).replaceAll(/[^\x21-\x7e]/g, escapedByte);
  const name = authority.replace(/^.*@/, '').replace(/:\d*$/, '');
  // `OPTIONS *` is meant for the server, not for a place on it.
  if (name === '' || !/^[/?]/.test(local)) return null;
  return `https://${name}${port === 443 ? '' : `:${port}`}${local.startsWith('?') ? '/' : ''}${local}`;
}

/** node hands bytes over as characters of the same number; those that are no ASCII may not stand in a header. */
const escapedByte = (character: string): string =>
  `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
