import type { RequestTarget } from '../request/dialect.ts';
import type { Call } from '../request/storage.ts';
import type { TrustedProxies } from './client-address.ts';
import { type HttpRequest, headerText } from './messages.ts';

/** How the client reached us. */
export type OriginOf = (request: HttpRequest) => Call['origin'];

/** uri-host [ ":" port ], nothing else: it goes into URLs that others are given. */
const hostPattern = /^(?:\[[\da-f:.]+\]|[\w.-]+)(?::\d{1,5})?$/i;

/**
 * Scheme and host of the URL the client asked: those of an absolute-form target (RFC 9112 section 3.2.2), else what a proxy
 * that is believed says in `X-Forwarded-Proto` and `X-Forwarded-Host`, else those of the connection and the Host header.
 */
export function createOriginOf(trusted: TrustedProxies): OriginOf {
  return (request) => {
    const absolute = /^(https?):\/\/([^/?#]+)/i.exec(request.url ?? '');
    if (absolute !== null && hostPattern.test(absolute[2]!))
      return { scheme: absolute[1]!.toLowerCase() as 'http' | 'https', host: absolute[2]! };
    const { headers, socket } = request;
    const forwarded = isBelieved(trusted, socket.remoteAddress) ? headers : {};
    const scheme = first(forwarded['x-forwarded-proto'])?.toLowerCase();
    const host = first(forwarded['x-forwarded-host']);
    const asked = headerText(headers[':authority']) ?? headers.host ?? '';
    return {
      scheme: scheme === 'http' || scheme === 'https' ? scheme : socket.encrypted === true ? 'https' : 'http',
      host: host !== undefined && hostPattern.test(host) ? host : asked,
    };
  };
}

function isBelieved(trusted: TrustedProxies, address: string | undefined): boolean {
  if (trusted.none) return false;
  return address === undefined ? trusted.unixSocket : trusted.trusts(address.replace(/^::ffff:/, ''));
}

/** The first of a list is what the client itself said to the outermost proxy. */
const first = (value: string | string[] | undefined): string | undefined =>
  headerText(value)?.split(',', 1)[0]?.trim();

/** The head of a request, for those who know nothing of sockets. */
export const callOf = (request: HttpRequest, target: RequestTarget, originOf: OriginOf): Call => ({
  method: request.method ?? 'GET',
  target,
  headers: request.headers as Call['headers'],
  origin: originOf(request),
  now: Date.now(),
});
