import { type LookupAddress, lookup as systemLookup } from 'node:dns';
import { isIPv6, type LookupFunction } from 'node:net';
import { buildConnector } from 'undici';
import { PictorError } from '../core/errors.ts';
import { addressOf, type HostGuard } from './host-guard.ts';

/** Resolves a name to all its addresses, once. `dns.lookup` with `all: true` fits. */
export type ResolveAll = (
  hostname: string,
  options: {
    readonly all: true;
    readonly family?: number | 'IPv4' | 'IPv6' | undefined;
    readonly hints?: number | undefined;
  },
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

export interface GuardedConnectorParts {
  readonly guard: HostGuard;
  /** Milliseconds until the connection stands, look-up and TLS included; 0: no limit. */
  readonly timeoutMs: number;
  readonly insecureTls: boolean;
  /** The system's resolver when absent. */
  readonly resolve?: ResolveAll;
  /** undici's own when absent. */
  readonly build?: typeof buildConnector;
}

/**
 * Opens the sockets of direct connections and lets none reach a refused address. Checked are (1) hosts that are
 * addresses, for which no look-up ever happens, (2) every address of a name, inside the one look-up whose result the
 * socket then uses, so that a second, different answer (DNS rebinding) has no chance, and (3) where the socket really
 * ended up.
 */
export function createGuardedConnector(parts: GuardedConnectorParts): buildConnector.connector {
  const { guard } = parts;
  const build = parts.build ?? buildConnector;
  const shared = {
    timeout: parts.timeoutMs,
    allowH2: false,
    rejectUnauthorized: !parts.insecureTls,
    autoSelectFamily: true,
  };
  const resolve = parts.resolve ?? systemLookup;
  const connectNamed = build({ ...shared, lookup: checkedLookup(guard.denial, resolve) });
  const connectChecked = build({ ...shared, lookup: checkedLookup(guard.refusal, resolve) });

  return (options, callback) => {
    const { hostname } = options;
    if (guard.isNamed(hostAndPort(options))) return connectNamed(options, callback);
    const literal = addressOf(hostname);
    const refused = literal === null ? null : guard.refusal(literal, hostname);
    if (refused !== null) return queueMicrotask(() => callback(refused, null));
    connectChecked(options, (...[error, socket]) => {
      if (error !== null) return callback(error, null);
      const misled = guard.refusal(socket.remoteAddress ?? '', hostname);
      if (misled === null) return callback(null, socket);
      socket.destroy();
      callback(misled, null);
    });
  };
}

/** undici hands over IPv6 hosts without brackets and leaves the port out when it is the scheme's own. */
const hostAndPort = ({ hostname, port, protocol }: buildConnector.Options) => ({
  hostname: isIPv6(hostname) ? `[${hostname}]` : hostname,
  port: port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port),
});

type Check = (addresses: readonly LookupAddress[], hostname: string) => Error | null;

/** A look-up whose every address passes a rule of the guard. */
const checkedLookup = (refusal: HostGuard['refusal'], resolve: ResolveAll): LookupFunction =>
  lookupWith(resolve, (addresses, hostname) => {
    for (const { address } of addresses) {
      const refused = refusal(address, hostname);
      if (refused !== null) return refused;
    }
    return null;
  });

function lookupWith(resolve: ResolveAll, check: Check): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, { all: true, family: options.family, hints: options.hints }, (error, addresses) => {
      const first = addresses?.[0];
      const problem = error ?? (first === undefined ? noAddress(hostname) : check(addresses, hostname));
      if (problem !== null || first === undefined) return callback(problem, '');
      if (options.all) return callback(null, addresses);
      callback(null, first.address, first.family);
    });
  };
}

const noAddress = (hostname: string) =>
  new PictorError('SOURCE_UNREACHABLE', { detail: `${hostname} has no address` });
