import { isIP } from 'node:net';
import { PictorError } from '../core/errors.ts';
import { type HostAndPort, matchesAnyHost, parseHostPattern } from '../lib/host-pattern.ts';
import { type AddressPolicy, refusedClass } from './address-guard.ts';

/** Decides who may be connected to: hosts the operator named always, all others by their addresses. */
export interface HostGuard {
  /** True for hosts the operator named: their addresses are not looked at. */
  isNamed(host: HostAndPort): boolean;
  /**
   * Refuses a host that is written as an address.
   * @throws PictorError SOURCE_ADDRESS_REFUSED
   */
  checkLiteral(host: HostAndPort): void;
  /** Why an address may not be connected to; null when it may. */
  refusal(address: string, hostname: string): PictorError | null;
}

export interface HostGuardSettings extends AddressPolicy {
  readonly allowedHosts: readonly string[];
}

export function createHostGuard(settings: HostGuardSettings): HostGuard {
  const patterns = settings.allowedHosts.flatMap((text) => parseHostPattern(text) ?? []);
  const isNamed = (host: HostAndPort) => matchesAnyHost(patterns, host);
  const refusal = (address: string, hostname: string) => {
    const refused = refusedClass(address, settings);
    if (refused === null) return null;
    return new PictorError('SOURCE_ADDRESS_REFUSED', { detail: `${hostname} is at ${address} (${refused})` });
  };
  return {
    isNamed,
    refusal,
    checkLiteral(host) {
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
