import type { IncomingHttpHeaders } from 'node:http';

/** The part of a request that says whom it is for, as node hands it over for HTTP/1 and HTTP/2. */
export interface Addressed {
  readonly headers: IncomingHttpHeaders;
  /** Name, value, name, value …, as received. */
  readonly rawHeaders: readonly string[];
  readonly httpVersionMajor: number;
}

/** uri-host [ ":" port ] (RFC 9110 section 7.2); empty is allowed. */
const hostValue = /^(?:\[[\da-f:.v]+\]|[\w.~!$&'()*+,;=%-]*)(?::\d*)?$/i;

/**
 * What is wrong with the host a request names; null when it is clear. Whoever stands before us may have looked at the other
 * of two hosts. HTTP/1: one Host header at most (RFC 9112 section 3.2; node itself refuses HTTP/1.1 without). HTTP/2:
 * `:authority` or Host, and the same where both are given (RFC 9113 section 8.3.1).
 */
export function hostProblem({ headers, rawHeaders, httpVersionMajor }: Addressed): string | null {
  let lines = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at]!;
    // Asked of every request: the length tells most names apart without a copy.
    if (name.length === 4 && name.toLowerCase() === 'host') lines += 1;
  }
  if (lines > 1) return 'more than one Host header';
  const { host } = headers;
  if (host !== undefined && !hostValue.test(host)) return 'Host header is not a host';
  if (httpVersionMajor < 2) return null;
  const authority = headers[':authority'];
  if (authority === undefined) return host === undefined ? 'neither :authority nor Host' : null;
  return host === undefined || sameHost(String(authority), host) ? null : ':authority and Host differ';
}

/** HTTP/2 is only spoken over TLS here: without a port it is that of https. */
const sameHost = (one: string, other: string): boolean => spelled(one) === spelled(other);
const spelled = (host: string): string => host.toLowerCase().replace(/:(?:443)?$/, '');
