import ipaddr from 'ipaddr.js';
import { isIpLiteral, normaliseHost } from '../lib/host-pattern.ts';
import { addressOf } from './host-guard.ts';
import type { HttpTarget } from './http-url.ts';

export interface ProxySettings {
  /** URL of the proxy, or empty for none. */
  readonly httpProxy: string;
  readonly httpsProxy: string;
  readonly noProxy: string;
}

/** Which proxy a target is reached through; null: directly. */
export type ProxyChoice = (target: Pick<HttpTarget, 'protocol' | 'hostname' | 'port'>) => URL | null;

type Exception = (hostname: string, port: number) => boolean;

/**
 * Reads HTTP_PROXY, HTTPS_PROXY and NO_PROXY as Go, curl and others do: `example.com` is that host and all below it,
 * `.example.com` and `*.example.com` only those below, an optional `:port` narrows, addresses and CIDR blocks match hosts
 * that are written as addresses, `*` is everything. Loopback is never asked of a proxy.
 */
export function createProxyChoice(settings: ProxySettings): ProxyChoice {
  const proxies = {
    'http:': settings.httpProxy === '' ? null : new URL(settings.httpProxy),
    'https:': settings.httpsProxy === '' ? null : new URL(settings.httpsProxy),
  };
  const exceptions = settings.noProxy
    .split(/[\s,]+/)
    .filter((entry) => entry !== '')
    .flatMap((entry) => parseException(entry) ?? []);
  return ({ protocol, hostname, port }) => {
    const host = hostname.replace(/\.$/, '');
    const direct = isLoopback(host) || exceptions.some((exception) => exception(host, port));
    return direct ? null : proxies[protocol];
  };
}

function isLoopback(hostname: string): boolean {
  const address = addressOf(hostname);
  return address === null ? hostname === 'localhost' : ipaddr.process(address).range() === 'loopback';
}

function parseException(entry: string): Exception | null {
  if (entry === '*') return () => true;
  if (entry.includes('/')) return cidrException(entry);
  const bare = ipaddr.IPv6.isValid(entry) ? `[${entry}]` : entry;
  const match = /^(\*?\.)?(\[.+\]|[^:]+)(?::(\d+))?$/.exec(bare);
  const name = match === null ? null : normaliseHost(match[2]!);
  if (match === null || name === null) return null;
  const onlyBelow = match[1] !== undefined;
  const port = match[3] === undefined ? null : Number(match[3]);
  return (hostname, givenPort) => {
    if (port !== null && port !== givenPort) return false;
    return (!onlyBelow && hostname === name) || (!isIpLiteral(hostname) && hostname.endsWith(`.${name}`));
  };
}

function cidrException(entry: string): Exception | null {
  if (!ipaddr.isValidCIDR(entry)) return null;
  const block = ipaddr.parseCIDR(entry);
  return (hostname) => {
    const literal = addressOf(hostname);
    if (literal === null) return false;
    const address = ipaddr.process(literal);
    return address.kind() === block[0].kind() && address.match(block);
  };
}
