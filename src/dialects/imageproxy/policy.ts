import type { MountPolicy } from '../../request/dialect.ts';
import { hostPatterns } from './hosts.ts';
import { rulesOf } from './rules.ts';
import type { ImageproxySettings } from './settings.ts';

const utf8 = new TextEncoder();
const noSalt = new Uint8Array(0);

/** What a mount demands of requests and promises in replies. */
export function imageproxyPolicy(settings: ImageproxySettings): MountPolicy {
  const rules = rulesOf(settings);
  const passed = new Set(rules.passResponseHeaders.map((name) => name.toLowerCase()));
  return {
    signature: signaturePolicy(settings),
    hosts: { allow: hostPatterns(rules.allowHosts), deny: hostPatterns(rules.denyHosts) },
    referrers: hostPatterns(rules.referrers),
    contentTypes: rules.contentTypes,
    age: { ttlSeconds: 0, passthrough: false, obeyPrivate: false, expires: false },
    etag: passed.has('etag'),
    lastModified: passed.has('last-modified'),
    // The URL alone chooses the picture, so the source's tag tells it from every other one of this URL.
    sourceValidators: { etagBuster: '' },
    answers: {
      minSeconds: rules.minCacheSeconds,
      force: rules.forceCache,
      shown: rules.passResponseHeaders,
      passed: [
        ...new Set([
          ...rules.passRequestHeaders.map((name) => name.toLowerCase()),
          ...(rules.includeReferer ? ['referer'] : []),
        ]),
      ],
      accept: rules.contentTypes.filter((type) => type !== '').join(', '),
    },
    disposition: false,
    gzipLevel: 0,
    allowedSources: [],
  };
}

function signaturePolicy({ keys }: ImageproxySettings): MountPolicy['signature'] {
  if (keys.length === 0) return null;
  const pairs = keys.map(({ text = '', hex }) => ({ key: hex ?? utf8.encode(text), salt: noSalt }));
  return { pairs, size: 32, trusted: [] };
}
