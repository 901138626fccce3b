import { PictorError } from '../../core/errors.ts';
import { readGoQuery } from '../../lib/go-query.ts';
import type { FixedReply, Grant } from '../../request/dialect.ts';
import type { Call } from '../../request/storage.ts';
import { compactJson } from './json.ts';
import { isRead } from './routes.ts';
import type { ImageServerSettings } from './settings.ts';

/** What an HMAC is taken over. @param path without escapes @param expires Unix seconds, canonical decimal */
export const stringToSign = (method: string, path: string, expires: string): string =>
  `${method}\n${path}\n${expires}`;

/** Why a signed URL is refused before its signature is looked at. */
export interface SignatureRefusal {
  readonly error: PictorError;
  readonly reply: FixedReply;
}

/** What a call shows for itself: a grant to check, or why that is of no use. */
export type SignatureCheck = { readonly grant: Grant } | { readonly refusal: SignatureRefusal };

const texts = {
  MissingSignature: 'Request must include X-Signature and X-Expires parameters',
  InvalidExpires: 'Invalid expiration timestamp',
  SignatureExpired: 'The provided signature has expired',
  SignatureTTLExceeded: 'Signature expiration exceeds maximum allowed TTL',
  InvalidPath: 'Request path does not match signed path',
  InvalidSignature: 'The request signature does not match',
} as const;

type Refusal = keyof typeof texts;

const refusalReply = (name: Refusal): FixedReply => ({
  status: 401,
  body: `${compactJson({ error: name, message: texts[name] })}\n`,
  headers: { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' },
});

const refuse = (name: Refusal): SignatureCheck => ({
  refusal: {
    error: new PictorError(name === 'SignatureExpired' ? 'EXPIRED' : 'SIGNATURE_INVALID', {
      detail: name,
      reason: texts[name],
    }),
    reply: refusalReply(name),
  },
});

/** The answer to a signature that none of the secrets made. */
export const wrongSignatureReply: FixedReply = refusalReply('InvalidSignature');

const nothing: Grant = { type: 'none' };

/**
 * Looks at the three parameters of a signed URL, in the order in which the original refused them; the signature itself is
 * for those who have the secrets. Other parameters and the body are not signed.
 * @param path of the call, without escapes
 */
export function checkSignedUrl(call: Call, path: string, settings: ImageServerSettings): SignatureCheck {
  const { signatures } = settings;
  if (!isSigned(call.method, path, signatures)) return { grant: nothing };
  const query = readGoQuery(call.target.query, 'spoils');
  const signature = query.get('X-Signature') ?? '';
  const expiresText = query.get('X-Expires') ?? '';
  if (signature === '' || expiresText === '') return refuse('MissingSignature');
  const expires = readInt64(expiresText);
  if (expires === null) return refuse('InvalidExpires');
  const now = BigInt(Math.floor(call.now / 1000));
  if (now > expires) return refuse('SignatureExpired');
  const most = maxTtlSeconds(signatures);
  if (most !== null && expires > now + most) return refuse('SignatureTTLExceeded');
  const signedPath = query.get('X-Path') || path;
  if (!covers(signedPath, path)) return refuse('InvalidPath');
  const message = stringToSign(call.method, signedPath, String(expires));
  return { grant: { type: 'signed-url', message, signature } };
}

/**
 * Paths nobody routes are signed too, so that no answer tells one from another. `status_check` is open, but as the name of
 * a namespace it is like any other.
 */
function isSigned(method: string, path: string, signatures: ImageServerSettings['signatures']): boolean {
  if (!signatures.uploads || path.startsWith('/probe/')) return false;
  if (path === '/status_check' && method !== 'POST') return false;
  return signatures.reads || !isRead(method);
}

const limit = 2n ** 63n;

/** A signed 64-bit number as Go reads it; null for anything else. */
function readInt64(text: string): bigint | null {
  // Longer ones, but for zeros in front, are out of bounds anyway.
  if (!/^[+-]?\d{1,100}$/.test(text)) return null;
  const value = BigInt(text.replace(/^\+/, ''));
  return value >= -limit && value < limit ? value : null;
}

function maxTtlSeconds({ maxTtlMinutes }: ImageServerSettings['signatures']): bigint | null {
  if (maxTtlMinutes < 0) return null;
  return BigInt(maxTtlMinutes || 60) * 60n;
}

/** A signed path is good for itself and for all that lies below it. */
export function covers(signed: string, path: string): boolean {
  const [outer, inner] = [withoutSlash(signed), withoutSlash(path)];
  return inner === outer || inner.startsWith(`${outer}/`);
}

const withoutSlash = (path: string): string => (path.endsWith('/') ? path.slice(0, -1) : path);
