import { PictorError } from '../core/errors.ts';
import { type HostAndPort, type HostPattern, matchesAnyHost, parseHostPattern } from '../lib/host-pattern.ts';
import type { MountPolicy } from '../request/dialect.ts';

/** The lists of hosts of one mount: whose pictures may be asked for, and by whose pages. */
export interface HostAccess {
  /** True: this source needs no signature, because its host is on the list. */
  isListed(uri: string): boolean;
  /** True: only hosts on the list go without a signature. */
  readonly hasList: boolean;
  /** @throws PictorError SOURCE_NOT_ALLOWED */
  checkDenied(uri: string): void;
  /** @throws PictorError REFERRER_REFUSED */
  checkReferrer(referrer: string | undefined): void;
  /** Whether a fetch that began at a source may go on to this URL; null: no list says anything about it. */
  stopRule(source: string): ((url: string) => boolean) | null;
}

export function createHostAccess({ hosts, referrers = [] }: MountPolicy): HostAccess {
  const allow = patternsOf(hosts?.allow ?? []);
  const deny = patternsOf(hosts?.deny ?? []);
  const pages = patternsOf(referrers);
  const isOn = (patterns: readonly HostPattern[], url: string): boolean => {
    const host = patterns.length === 0 ? null : hostOf(url);
    return host !== null && matchesAnyHost(patterns, host);
  };
  return {
    hasList: allow.length > 0,
    isListed: (uri) => isOn(allow, uri),
    checkDenied(uri) {
      if (isOn(deny, uri)) throw new PictorError('SOURCE_NOT_ALLOWED', { detail: `denied host: ${uri}` });
    },
    checkReferrer(referrer) {
      if (pages.length === 0 || (referrer !== undefined && isOn(pages, referrer))) return;
      throw new PictorError('REFERRER_REFUSED', { detail: `Referer: ${(referrer ?? 'none').slice(0, 200)}` });
    },
    stopRule(source) {
      // Who came in by the list stays on it; who came in by a signature may be sent anywhere but to denied hosts.
      const stays = allow.length > 0 && isOn(allow, source);
      if (!stays && deny.length === 0) return null;
      return (url) => !isOn(deny, url) && (!stays || isOn(allow, url));
    },
  };
}

function patternsOf(list: readonly string[]): readonly HostPattern[] {
  const patterns = list.map(parseHostPattern).filter((pattern) => pattern !== null);
  if (patterns.length !== list.length) throw new TypeError(`not a host pattern in: ${list.join(', ')}`);
  return patterns;
}

/** Null for anything that is no http or https URL with a host. */
function hostOf(text: string): HostAndPort | null {
  if (!/^https?:\/\//i.test(text) || !URL.canParse(text)) return null;
  const { hostname, port, protocol } = new URL(text);
  return { hostname, port: port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port) };
}
