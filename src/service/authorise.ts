import { createHmac, createSecretKey, hash, type KeyObject, timingSafeEqual } from 'node:crypto';
import { PictorError } from '../core/errors.ts';
import type { VisitRule } from '../core/ports.ts';
import { assetScheme, type Grant, type MountPolicy, type SignaturePolicy } from '../request/dialect.ts';
import { createHostAccess } from './host-access.ts';

/** Checks of one mount, made once from its policy. All comparisons with secrets take constant time. */
export interface Authoriser {
  /** Is the `Authorization` header what the mount asks for? @throws PictorError SECRET_INVALID */
  secret(authorization: string | undefined): void;
  /** May pages of the host in this `Referer` header show the pictures of the mount? @throws PictorError REFERRER_REFUSED */
  referrer(referrer: string | undefined): void;
  /**
   * Is there a grant for this source, or is its host on the list of those that need none? Without a source: is it good?
   * @throws PictorError SIGNATURE_INVALID, SOURCE_NOT_ALLOWED
   */
  grant(grant: Grant, source?: string): void;
  /** @throws PictorError SOURCE_NOT_ALLOWED; SOURCE_INVALID for an asset, which no URL may name */
  source(uri: string): void;
  /** Is this a type of picture the mount gives? @throws PictorError CONTENT_TYPE_REFUSED */
  contentType(mediaType: string): void;
  /** Where redirects of a source may lead; undefined: anywhere. */
  visits(source: string): VisitRule | undefined;
}

const isAsset = new RegExp(`^${assetScheme}:`, 'i');

const digest = (text: string): Buffer => hash('sha256', text, 'buffer');

export function createAuthoriser(policy: MountPolicy): Authoriser {
  const expected = policy.secret === undefined ? null : digest(`Bearer ${policy.secret}`);
  const checkSignature = policy.signature === null ? null : createSignatureCheck(policy.signature);
  const patterns = policy.allowedSources.map(sourcePattern);
  const stops = policy.allowedSources.map(patternOfStops).map(sourcePattern);
  const hosts = createHostAccess(policy);
  const types = (policy.contentTypes ?? []).map(typePattern);

  return {
    visits(source) {
      const stopRule = hosts.stopRule(source);
      if (patterns.length === 0 && stopRule === null) return undefined;
      const named = [policy.allowedSources, stopRule === null ? null : policy.hosts, hosts.isListed(source)];
      return {
        name: JSON.stringify(named),
        allows: (url) =>
          (patterns.length === 0 || stops.some((pattern) => pattern.test(url))) && stopRule?.(url) !== false,
      };
    },
    referrer: (referrer) => hosts.checkReferrer(referrer),
    contentType(mediaType) {
      const [plain = ''] = mediaType.split(';', 1);
      if (types.length > 0 && !types.some((pattern) => pattern.test(plain)))
        throw new PictorError('CONTENT_TYPE_REFUSED', { detail: mediaType });
    },
    secret(authorization) {
      if (expected === null) return;
      if (!timingSafeEqual(expected, digest(authorization ?? ''))) throw new PictorError('SECRET_INVALID');
    },
    grant(grant, source) {
      if (source !== undefined && hosts.isListed(source)) return;
      if (checkSignature === null) {
        if (!hosts.hasList || source === undefined) return;
        throw new PictorError('SOURCE_NOT_ALLOWED', { detail: `host is not on the list: ${source}` });
      }
      if (grant.type === 'hmac') {
        const { message, orMessages = [], signature } = grant;
        if ([message, ...orMessages].some((text) => checkSignature(text, signature))) return;
      }
      throw new PictorError('SIGNATURE_INVALID');
    },
    source(uri) {
      // The operator's own pictures are for the mount to use, not for URLs to name.
      if (isAsset.test(uri)) throw new PictorError('SOURCE_INVALID', { detail: uri });
      hosts.checkDenied(uri);
      if (patterns.length > 0 && !patterns.some((pattern) => pattern.test(uri))) {
        throw new PictorError('SOURCE_NOT_ALLOWED', { detail: uri });
      }
    },
  };
}

/** HMAC-SHA256 over salt ‖ message, compared on its first `size` bytes (house rule: KeyObject, not a raw key: 5× faster). */
function createSignatureCheck(policy: SignaturePolicy): (message: string, signature: string) => boolean {
  const pairs = policy.pairs.map((pair): { key: KeyObject; salt: Uint8Array } => ({
    key: createSecretKey(pair.key),
    salt: pair.salt,
  }));
  const trusted = policy.trusted.map(digest);

  return (message, signature) => {
    if (trusted.length > 0) {
      const given = digest(signature);
      if (trusted.some((text) => timingSafeEqual(text, given))) return true;
    }
    if (!/^[A-Za-z0-9_-]+$/.test(signature)) return false;
    const given = Buffer.from(signature, 'base64url');
    if (given.length !== policy.size) return false;
    let matches = false;
    for (const { key, salt } of pairs) {
      const wanted = createHmac('sha256', key).update(salt).update(message).digest().subarray(0, policy.size);
      if (timingSafeEqual(wanted, given)) matches = true;
    }
    return matches;
  };
}

/** A glob for the whole of a media type; `*` does not cross the slash. */
const typePattern = (glob: string): RegExp =>
  new RegExp(`^${glob.split('*').map(escapeRegExp).join('[^/]*')}$`);

const escapeRegExp = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');

/** User and password are no part of where a redirect leads. */
const patternOfStops = (pattern: string): string => pattern.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/]*@/i, '$1');

/**
 * `http://*.example.com/` → anchored at the start, `*` is any run without `/`. In front of the path it is also without
 * the signs that end a host or put another one behind it: `http://evil.test?.example.com/` is not below example.com.
 */
function sourcePattern(pattern: string): RegExp {
  const path = /^[a-z][a-z0-9+.-]*:\/\/[^/]*/i.exec(pattern)?.[0].length ?? 0;
  const wild = (part: string, run: string) => part.split('*').map(escapeRegExp).join(run);
  return new RegExp(`^${wild(pattern.slice(0, path), '[^/?#@\\\\]*')}${wild(pattern.slice(path), '[^/]*')}`);
}
