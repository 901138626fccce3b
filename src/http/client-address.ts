import { BlockList, isIP } from 'node:net';

/** Proxies that are believed: by address, by being the peer of a Unix socket, or all of them. */
export interface TrustedProxies {
  trusts(address: string): boolean;
  readonly unixSocket: boolean;
  readonly none: boolean;
  /** `*`: whatever a request says of its client is taken for true. */
  readonly everyone: boolean;
}

const loopback = ['127.0.0.0/8', '::1/128'];
const privateRanges = [
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  'fc00::/7',
  'fe80::/10',
  '169.254.0.0/16',
];
const words: Readonly<Record<string, readonly string[]>> = {
  loopback,
  private: [...loopback, ...privateRanges],
  unix: [],
};

/** Reads addresses, ranges and the words `loopback`, `private`, `unix`, `*`; null when an item is none of these. */
export function parseTrustedProxies(list: readonly string[]): TrustedProxies | null {
  const blocks = new BlockList();
  const everyone = list.includes('*');
  for (const range of list.filter((item) => item !== '*').flatMap((item) => words[item] ?? [item])) {
    if (!addRange(blocks, range)) return null;
  }
  return {
    trusts: (address) => everyone || blocks.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4'),
    unixSocket: everyone || list.includes('unix'),
    none: list.length === 0,
    everyone,
  };
}

function addRange(blocks: BlockList, range: string): boolean {
  const [address = '', bits, ...rest] = range.split('/');
  const version = isIP(address);
  if (version === 0 || rest.length > 0) return false;
  const width = version === 6 ? 128 : 32;
  const prefix = bits === undefined ? width : Number(bits);
  if (bits === '' || !Number.isInteger(prefix) || prefix < 0 || prefix > width) return false;
  blocks.addSubnet(address, prefix, version === 6 ? 'ipv6' : 'ipv4');
  return true;
}

/** What the address of a client is read from. */
export interface PeerFacts {
  readonly socket: { readonly remoteAddress?: string | undefined };
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** An IPv4 client of an IPv6 listener is written as IPv4. */
const unmapped = (address: string): string =>
  address.startsWith('::ffff:') ? address.slice('::ffff:'.length) : address;

/**
 * Tells the address of a client, for the log alone: nothing is allowed or refused by it. `X-Forwarded-For` is read from
 * the right, as each proxy appends the peer it saw, for as long as the addresses are proxies we trust; the first other
 * one is the client. Without trust the header is not looked at. A peer on a Unix socket is called `unix`.
 *
 * Where everyone is believed, what comes first says the most: `CF-Connecting-IP`, else the first address of
 * `X-Forwarded-For`, else `X-Real-IP`. With a list, only `X-Forwarded-For` counts: a proxy that is believed appends to
 * it, and passes the other two on as the client wrote them.
 */
export function createClientAddress(trusted: TrustedProxies): (request: PeerFacts) => string {
  return (request) => {
    const address = request.socket.remoteAddress;
    const peer = address === undefined ? 'unix' : unmapped(address);
    if (trusted.none) return peer;
    if (trusted.everyone) return firstClaim(request.headers) ?? peer;
    const forwarded = request.headers['x-forwarded-for'];
    const believed = address === undefined ? trusted.unixSocket : trusted.trusts(peer);
    if (!believed || forwarded === undefined) return peer;
    return firstUntrusted(Array.isArray(forwarded) ? forwarded.join(',') : forwarded, trusted) ?? peer;
  };
}

/** Null when no header names an address. */
function firstClaim(headers: PeerFacts['headers']): string | null {
  for (const name of ['cf-connecting-ip', 'x-forwarded-for', 'x-real-ip']) {
    const value = headers[name];
    if (value === undefined) continue;
    const [first = ''] = (Array.isArray(value) ? value.join(',') : value).split(',', 1);
    const address = unmapped(withoutPort(first.trim()));
    if (isIP(address) !== 0) return address;
  }
  return null;
}

/** Null when there is no address to be found. Stops at anything that is no address: what stands left of it is hearsay. */
function firstUntrusted(forwarded: string, trusted: TrustedProxies): string | null {
  let last: string | null = null;
  for (const item of forwarded.split(',').toReversed()) {
    const address = unmapped(withoutPort(item.trim()));
    if (isIP(address) === 0) break;
    last = address;
    if (!trusted.trusts(address)) break;
  }
  return last;
}

/** Some proxies write `192.0.2.1:4711` or `[2001:db8::1]:4711`. */
function withoutPort(text: string): string {
  if (text.startsWith('[')) return text.slice(1, text.indexOf(']'));
  const colon = text.indexOf(':');
  return colon >= 0 && colon === text.lastIndexOf(':') ? text.slice(0, colon) : text;
}
