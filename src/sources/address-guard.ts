/**
 * Which addresses a source may live at: the guard against server-side request forgery.
 *
 * An address belongs to the class of its range, and an IPv6 address that carries an IPv4 one (a tunnel or a translator
 * would unpack it) also to the class of what it carries. The guard refuses an address when any class is not allowed.
 */
import ipaddr from 'ipaddr.js';

/**
 * - `loopback`: 127.0.0.0/8, ::1, and the unspecified 0.0.0.0 and ::, which mean "this machine" on Linux.
 * - `link-local`: 169.254.0.0/16 (cloud metadata), fe80::/10, and link-local multicast.
 * - `private`: RFC 1918, carrier-grade NAT (100.64.0.0/10), unique local and site-local IPv6.
 * - `reserved`: everything else that is no public unicast address; no setting allows it.
 */
export type AddressClass = 'loopback' | 'link-local' | 'private' | 'reserved';

export interface AddressPolicy {
  readonly allowLoopback: boolean;
  readonly allowLinkLocal: boolean;
  readonly allowPrivate: boolean;
}

type Bytes = readonly number[];

/** All classes of an IP address in text form; none means public unicast. Text that is no address is `reserved`. */
export function classifyAddress(address: string): ReadonlySet<AddressClass> {
  // A zone (`fe80::1%eth0`) names an interface, not another address.
  const text = address.split('%', 1)[0]!;
  if (!ipaddr.isValid(text)) return new Set(['reserved']);
  const parsed = ipaddr.parse(text);
  const bytes = parsed.toByteArray();
  const classes = new Set<AddressClass>();
  const own = parsed.kind() === 'ipv4' ? classOfIpv4(bytes) : classOfIpv6(bytes);
  if (own !== null) classes.add(own);
  if (parsed.kind() === 'ipv6') {
    for (const embedded of embeddedIpv4(bytes)) {
      const inner = classOfIpv4(embedded);
      if (inner !== null) classes.add(inner);
    }
  }
  return classes;
}

/** The first class the policy does not allow; null when the address may be connected to. */
export function refusedClass(address: string, policy: AddressPolicy): AddressClass | null {
  for (const each of classifyAddress(address)) {
    const allowed =
      (each === 'loopback' && policy.allowLoopback) ||
      (each === 'link-local' && policy.allowLinkLocal) ||
      (each === 'private' && policy.allowPrivate);
    if (!allowed) return each;
  }
  return null;
}

function classOfIpv4(bytes: Bytes): AddressClass | null {
  const address = new ipaddr.IPv4([...bytes]);
  switch (address.range()) {
    case 'unicast':
      return null;
    case 'loopback':
      return 'loopback';
    case 'linkLocal':
      return 'link-local';
    case 'private':
    case 'carrierGradeNat':
      return 'private';
    case 'unspecified':
      return bytes.every((byte) => byte === 0) ? 'loopback' : 'reserved'; // 0.0.0.0, not the rest of 0.0.0.0/8
    case 'multicast':
      return startsWith(bytes, [224, 0, 0]) ? 'link-local' : 'reserved'; // RFC 5771 section 4
    default:
      return 'reserved';
  }
}

function classOfIpv6(bytes: Bytes): AddressClass | null {
  const range: string = new ipaddr.IPv6([...bytes]).range(); // The library knows more ranges than its types name.
  switch (range) {
    case 'loopback':
    case 'unspecified':
      return 'loopback';
    case 'linkLocal':
      return 'link-local';
    case 'uniqueLocal':
    case 'deprecatedSiteLocal':
      return 'private';
    case 'multicast':
      // RFC 4291 section 2.7: the low four bits of the second byte are the scope, 1 interface, 2 link.
      return (bytes[1]! & 0x0f) === 1 || (bytes[1]! & 0x0f) === 2 ? 'link-local' : 'reserved';
    case 'ipv4Mapped':
    case 'rfc6052':
    case '6to4':
    case 'teredo':
      return null; // What it carries decides.
    case 'unicast':
      // RFC 4291 section 2.4 and the IANA registry: only 2000::/3 is global unicast; ::/96 carries IPv4.
      return (bytes[0]! & 0xe0) === 0x20 || startsWith(bytes, zeros(12)) ? null : 'reserved';
    default:
      return 'reserved';
  }
}

/** IPv4 addresses inside an IPv6 address, by every transition mechanism that applies to its form. */
function embeddedIpv4(bytes: Bytes): Bytes[] {
  const last = bytes.slice(12);
  const found: Bytes[] = [];
  // Mapped ::ffff:a.b.c.d (RFC 4291), translated ::ffff:0:a.b.c.d (RFC 2765).
  if (startsWith(bytes, [...zeros(10), 0xff, 0xff])) found.push(last);
  if (startsWith(bytes, [...zeros(8), 0xff, 0xff, 0, 0])) found.push(last);
  // Compatible ::a.b.c.d (RFC 4291), except :: and ::1, which are addresses of their own.
  if (startsWith(bytes, zeros(12)) && !(startsWith(last, zeros(3)) && last[3]! <= 1)) found.push(last);
  // 6to4 (RFC 3056).
  if (startsWith(bytes, [0x20, 0x02])) found.push(bytes.slice(2, 6));
  // Teredo (RFC 4380): the server, and the client with its bits inverted.
  if (startsWith(bytes, [0x20, 0x01, 0, 0]))
    found.push(
      bytes.slice(4, 8),
      last.map((byte) => byte ^ 0xff),
    );
  // ISATAP (RFC 5214 section 6.1): an interface identifier under any prefix.
  const isatap = [0x5e, 0xfe];
  if ((bytes[8] === 0 || bytes[8] === 2) && bytes[9] === 0 && startsWith(bytes.slice(10), isatap))
    found.push(last);
  // NAT64, well-known prefix (RFC 6052) and local-use prefix (RFC 8215).
  if (startsWith(bytes, [0, 0x64, 0xff, 0x9b, ...zeros(8)])) found.push(last);
  if (startsWith(bytes, [0, 0x64, 0xff, 0x9b, 0, 1])) found.push(last, ...localNat64(bytes));
  return found;
}

/**
 * The local-use NAT64 prefix is a /48 which a network may lengthen to /56, /64 or /96; where the IPv4 address stands
 * depends on that length (RFC 6052 section 2.2; byte 8 is always skipped) and cannot be seen from outside. So every
 * reading counts, except those in 0.0.0.0/8: they are the empty bytes of an address that uses another length.
 */
function localNat64(bytes: Bytes): Bytes[] {
  const readings = [
    [6, 7, 9, 10],
    [7, 9, 10, 11],
    [9, 10, 11, 12],
  ];
  return readings.map((places) => places.map((place) => bytes[place]!)).filter((reading) => reading[0] !== 0);
}

const zeros = (length: number): number[] => Array.from({ length }, () => 0);
const startsWith = (bytes: Bytes, start: Bytes): boolean =>
  start.every((byte, index) => bytes[index] === byte);
