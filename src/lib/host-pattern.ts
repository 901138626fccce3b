/**
 * Lists of hosts as an operator writes them, matched against hosts as WHATWG URL parsing gives them (lower case, IDN as
 * punycode, IP addresses in one spelling).
 *
 * | Pattern            | Matches                                                             |
 * | ------------------ | ------------------------------------------------------------------- |
 * | `example.com`      | that host, any port                                                 |
 * | `example.com:8080` | that host, that port                                                |
 * | `*.example.com`    | every host below it, at any depth; not `example.com`, `evilexample.com`, nor an IP address |
 * | `127.0.0.1`, `[::1]:80` | that address as a literal, in whatever spelling, `[::ffff:127.0.0.1]` too |
 * | `10.0.0.0/8`       | every address in that network as a literal; no name, whatever it resolves to |
 *
 * A dot at the end of a name makes no difference. There is no matching inside a label, of schemes or of paths.
 */
import { parseIpNetwork, unmapped } from './ip-network.ts';

export interface HostAndPort {
  /** As `URL.hostname` gives it: IPv6 in brackets. */
  readonly hostname: string;
  readonly port: number;
}

export interface HostPattern {
  readonly text: string;
  matches(host: HostAndPort): boolean;
}

/** Reads one pattern; null when it is none. */
export function parseHostPattern(text: string): HostPattern | null {
  const trimmed = text.trim();
  if (trimmed.includes('/')) return networkPattern(trimmed);
  const match = /^(\*\.)?(\[[0-9a-f:.]+\]|[^\s:/?#@\\*[\]]+)(?::(\d{1,5}))?$/i.exec(bracketed(trimmed));
  if (match === null) return null;
  const [, wildcard, host, portText] = match;
  const hostname = comparable(normaliseHost(host!));
  const port = portText === undefined ? null : Number(portText);
  if (hostname === null || port === 0 || (port ?? 1) > 65_535) return null;
  if (wildcard !== undefined && isIpLiteral(hostname)) return null;
  const suffix = `.${hostname}`;
  return {
    text: trimmed,
    matches(given) {
      if (port !== null && port !== given.port) return false;
      const name = comparable(withoutFinalDot(given.hostname.toLowerCase()));
      return wildcard === undefined
        ? name === hostname
        : !isIpLiteral(name) && name.endsWith(suffix) && name !== suffix;
    },
  };
}

/** An IPv4 address that is written as IPv6 is the same place: lists must not be got around by that. */
const comparable = <Name extends string | null>(hostname: Name): Name | string =>
  hostname?.startsWith('[') === true ? (unmapped(hostname.slice(1, -1)) ?? hostname) : hostname;

function networkPattern(text: string): HostPattern | null {
  const network = parseIpNetwork(text);
  if (network === null) return null;
  return {
    text,
    matches: ({ hostname }) => isIpLiteral(hostname) && network.contains(hostname.replace(/^\[|\]$/g, '')),
  };
}

/** Whether any pattern matches. */
export const matchesAnyHost = (patterns: readonly HostPattern[], host: HostAndPort): boolean =>
  patterns.some((pattern) => pattern.matches(host));

/** One spelling per host (WHATWG host parsing, no dot at the end); null when it is no host. */
export function normaliseHost(host: string): string | null {
  const url = URL.canParse(`http://${host}/`) ? new URL(`http://${host}/`) : null;
  return url === null || url.hostname === '' ? null : withoutFinalDot(url.hostname);
}

/** True for `127.0.0.1` and `[::1]`, in the spelling of `URL.hostname`. */
export const isIpLiteral = (hostname: string): boolean =>
  hostname.startsWith('[') || /^\d+\.\d+\.\d+\.\d+$/.test(hostname);

const withoutFinalDot = (hostname: string): string =>
  hostname.endsWith('.') ? hostname.slice(0, -1) : hostname;

/** `::1` is accepted for `[::1]`: two colons cannot be a host and a port. */
const bracketed = (text: string): string =>
  /^[0-9a-f.]*:[0-9a-f.]*:[0-9a-f:.]*$/i.test(text) ? `[${text}]` : text;
