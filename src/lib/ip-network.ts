import ipaddr from 'ipaddr.js';

/** A range of addresses as CIDR writes it. */
export interface IpNetwork {
  /** `192.0.2.0/24`, as it was written. */
  readonly text: string;
  /** @param address without brackets; text that is no address is in no network */
  contains(address: string): boolean;
}

/** Reads `192.0.2.0/24` or `2001:db8::/32`; null for anything else. Bits behind the prefix do not matter. */
export function parseIpNetwork(text: string): IpNetwork | null {
  const trimmed = text.trim();
  if (!ipaddr.isValidCIDR(trimmed)) return null;
  const [base, bits] = ipaddr.parseCIDR(trimmed);
  return {
    text: trimmed,
    contains(address) {
      const bare = address.split('%', 1)[0]!;
      if (!ipaddr.isValid(bare)) return false;
      // An IPv4 address that is written as IPv6 (::ffff:192.0.2.1) is the same place.
      const given = base.kind() === 'ipv4' ? ipaddr.process(bare) : ipaddr.parse(bare);
      return given.kind() === base.kind() && given.match(base, bits);
    },
  };
}

/** The IPv4 address in `::ffff:192.0.2.1` (RFC 4291 section 2.5.5.2), in dots; null for every other address. */
export function unmapped(address: string): string | null {
  if (!ipaddr.IPv6.isValid(address)) return null;
  const parsed = ipaddr.IPv6.parse(address);
  return parsed.isIPv4MappedAddress() ? parsed.toIPv4Address().toString() : null;
}
