import { createHmac, createSecretKey, hash, type KeyObject, timingSafeEqual } from 'node:crypto';
import { PictorError } from '../core/errors.ts';
import type { Grant, MountPolicy } from '../request/dialect.ts';
import { createAuthoriser } from './authorise.ts';

/** Checks of one mount that keeps pictures. All comparisons with secrets take constant time. */
export interface StorageGuard {
  /**
   * Settles where the grant is good; at once, without a promise, where nothing has to be waited for.
   * @throws PictorError TOKEN_INVALID, SIGNATURE_INVALID
   */
  check(grant: Grant): void | Promise<void>;
}

/** Settles where a `bearer` token is good. @throws PictorError TOKEN_INVALID */
export type VerifyToken = (token: string | null) => Promise<void>;

export interface StorageGuardParts {
  readonly policy: MountPolicy;
  /** Secrets of signed URLs, those that hold now. */
  readonly secrets: () => readonly KeyObject[];
  /** Null: `bearer` grants pass. */
  readonly verify: VerifyToken | null;
}

export function createStorageGuard({ policy, secrets, verify }: StorageGuardParts): StorageGuard {
  const token = policy.token === undefined ? null : digest(policy.token);
  const authoriser = createAuthoriser(policy);

  return {
    check(grant) {
      if (grant.type === 'none') return;
      if (grant.type === 'bearer') return verify?.(grant.token);
      if (grant.type === 'token') {
        if (token === null || !timingSafeEqual(token, digest(grant.given)))
          throw new PictorError('TOKEN_INVALID');
        return;
      }
      if (grant.type === 'hmac') return authoriser.grant(grant);
      if (!isSignedUrl(grant, secrets())) throw new PictorError('SIGNATURE_INVALID');
    },
  };
}

const digest = (text: string): Buffer => Buffer.from(hash('sha256', text), 'hex');

/** A secret as it is used: KeyObjects are several times faster than bytes. */
export const signingKey = (secret: string): KeyObject => createSecretKey(secret, 'utf8');

/** 32 bytes in URL-safe base64 without padding (RFC 4648 section 5). */
const signaturePattern = /^[A-Za-z0-9_-]{43}$/;

function isSignedUrl(
  { message, signature }: Extract<Grant, { type: 'signed-url' }>,
  keys: readonly KeyObject[],
): boolean {
  if (!signaturePattern.test(signature)) return false;
  const given = Buffer.from(signature);
  let matches = false;
  for (const key of keys) {
    const wanted = Buffer.from(createHmac('sha256', key).update(message).digest('base64url'));
    // Compared as text: the last character of base64 has bits that no byte owns.
    if (timingSafeEqual(wanted, given)) matches = true;
  }
  return matches;
}
