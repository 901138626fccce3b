import type { MountPolicy, SignaturePolicy } from '../../request/dialect.ts';
import { imgproxyReplies } from './replies.ts';
import { type ImgproxyRules, rulesOf } from './rules.ts';
import type { ImgproxySettings } from './settings.ts';

/** What a mount demands of requests and promises in replies. */
export function imgproxyPolicy(settings: ImgproxySettings): MountPolicy {
  const rules = rulesOf(settings);
  const v1 = rules.compat === 'v1';
  return {
    signature: signaturePolicy(rules),
    ...(rules.secret === undefined ? {} : { secret: rules.secret }),
    // v1 asked for the secret everywhere, its health check included.
    open: v1 ? [] : imgproxyReplies(settings).routes.map(({ path, below }) => (below ? `${path}*` : path)),
    ...(rules.allowOrigin === undefined
      ? {}
      : { cors: { origin: rules.allowOrigin, methods: v1 ? 'GET, OPTIONs' : 'GET, OPTIONS' } }),
    age: {
      ttlSeconds: rules.ttlSeconds,
      passthrough: rules.cacheControlPassthrough,
      obeyPrivate: rules.obeyPrivate,
      expires: v1,
    },
    etag: rules.useEtag,
    lastModified: rules.useLastModified,
    disposition: !v1,
    gzipLevel: rules.gzipLevel,
    allowedSources: rules.allowedSources,
    ...(v1 ? {} : v4Only(rules, settings)),
  };
}

/** What version 1 never had. */
function v4Only(rules: ImgproxyRules, settings: ImgproxySettings): Partial<MountPolicy> {
  const { lastModifiedBuster: earliest } = rules;
  const fallback = settings.assets?.['fallback'];
  return {
    sourceValidators: {
      etagBuster: rules.etagBuster,
      ...(earliest === undefined ? {} : { lastModifiedBuster: Date.parse(earliest) }),
    },
    clientHints: rules.clientHints,
    attachment: rules.returnAttachment,
    canonical: rules.canonicalHeader,
    debugHeaders: rules.debugHeaders,
    ...(fallback === undefined
      ? {}
      : {
          fallback: {
            uri: fallback,
            status: rules.fallbackImageStatus,
            ttlSeconds: rules.fallbackImageTtlSeconds,
          },
        }),
    ...cookiePolicy(rules),
  };
}

function cookiePolicy(rules: ImgproxyRules): Pick<MountPolicy, 'cookies'> {
  if (!rules.cookiePassthrough && !rules.cookiePassthroughAll) return {};
  return {
    cookies: {
      everywhere: rules.cookiePassthroughAll,
      ...(rules.cookieBaseUrl === '' ? {} : { site: rules.cookieBaseUrl }),
    },
  };
}

function signaturePolicy(rules: ImgproxyRules): SignaturePolicy | null {
  if (rules.keys.length === 0) return null;
  return { pairs: rules.keys, size: rules.signatureSize, trusted: rules.trustedSignatures };
}
