import { isIP } from 'node:net';
import { PictorError } from '../core/errors.ts';
import { type HostAndPort, matchesAnyHost, normaliseHost, parseHostPattern } from '../lib/host-pattern.ts';
import { type AddressPolicy, refusedClass } from './address-guard.ts';

/** Decides who may be connected to: hosts the operator named always, all others by their addresses. */
export interface HostGuard {
  /** True for hosts the operator named: their addresses are not looked at. */
  isNamed(host: HostAndPort): boolean;
  /**
   * Refuses a host on the list of denied ones, and one that is written as an address.
   * @throws PictorError SOURCE_NOT_ALLOWED, SOURCE_ADDRESS_REFUSED
   */
  checkLiteral(host: HostAndPort): void;
  /** Why nobody may be connected to at this address, named or not; null when it is not denied. */
  denial(address: string, hostname: string): PictorError | null;
  /** Why an address may not be connected to; null when it may. */
  refusal(address: string, hostname: string): PictorError | null;
}

export interface HostGuardSettings extends AddressPolicy {
  readonly allowedHosts: readonly string[];
  /** Never connected to, named or not: names, addresses and networks, also those that names resolve to. */
  readonly deniedHosts: readonly string[];
}

export function createHostGuard(settings: HostGuardSettings): HostGuard {
  const patterns = settings.allowedHosts.flatMap((text) => parseHostPattern(text) ?? []);
  const isNamed = (host: HostAndPort) => matchesAnyHost(patterns, host);
  const denied = settings.deniedHosts.flatMap((text) => parseHostPattern(text) ?? []);
  const denial = (address: string, hostname: string) => {
    if (denied.length === 0) return null;
    const literal = normaliseHost(isIP(address) === 6 ? `[${address}]` : address);
    if (literal === null || !matchesAnyHost(denied, { hostname: literal, port: 0 })) return null;
    return new PictorError('SOURCE_NOT_ALLOWED', { detail: `${hostname} is at ${address} (denied)` });
  };
  const refusal = (address: string, hostname: string) => {
    const named = denial(address, hostname);
    if (named !== null) return named;
    const refused = refusedClass(address, settings);
    if (refused === null) return null;
    return new PictorError('SOURCE_ADDRESS_REFUSED', { detail: `${hostname} is at ${address} (${refused})` });
  };
  return {
    isNamed,
    denial,
    refusal,
    checkLiteral(host) {
      if (matchesAnyHost(denied, host))
        throw new PictorError('SOURCE_NOT_ALLOWED', { detail: `denied host: ${host.hostname}` });
      const address = addressOf(host.hostname);
      const refused = address === null || isNamed(host) ? null : refusal(address, host.hostname);
      if (refused !== null) throw refused;
    },
  };
}

/** The address a host literally is, without brackets; null when it is a name. */
export function addressOf(hostname: string): string | null {
  const bare = hostname.startsWith('[') ? hostname.slice(1, -1) : hostname;
  return isIP(bare) === 0 ? null : bare;
}
