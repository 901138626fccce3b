import { createPublicKey, type KeyObject } from 'node:crypto';
import { type CryptoKey, importJWK, type JWK } from 'jose';

/** A key that tokens may be signed with. */
export interface TokenKey {
  readonly key: KeyObject | CryptoKey | Uint8Array;
  /** Algorithms (RFC 7518 section 3.1, RFC 8037) that count with it; never empty. */
  readonly algorithms: readonly string[];
  /** Its name in a set. */
  readonly kid?: string;
}

/** A key that cannot be used, with a reason for the operator that holds nothing of the key. */
export class TokenKeyError extends Error {}

/**
 * Reads a key: PEM (public key or certificate), JWK, JWK set (RFC 7517), else a shared secret, byte for byte. A key only
 * ever counts for algorithms of its own kind: the bytes of a public key are known to everybody and no secret.
 * @param wanted algorithms that count; empty: the usual one of the key
 * @throws TokenKeyError
 */
export async function readTokenKeys(
  bytes: Uint8Array,
  wanted: readonly string[],
): Promise<readonly TokenKey[]> {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8').trim();
  if (text === '') throw new TokenKeyError('the key is empty');
  const possible = text.includes('-----BEGIN ')
    ? [pemKey(text)]
    : text.startsWith('{')
      ? await jsonKeys(text)
      : secretKeys(bytes);
  const keys = possible
    .map(({ algorithms, ...key }) => ({ ...key, algorithms: chosen(algorithms, wanted) }))
    .filter(({ algorithms }) => algorithms.length > 0);
  if (keys.length > 0) return keys;
  throw new TokenKeyError(`no such key goes with ${wanted.join(', ')}`);
}

/** A key before the operator's choice; the first algorithm is its usual one. */
type PossibleKey = TokenKey;

const chosen = (possible: readonly string[], wanted: readonly string[]): readonly string[] =>
  wanted.length === 0 ? possible.slice(0, 1) : possible.filter((name) => isAmong(name, wanted));

/** RFC 9864 gives Ed25519 a name of its own; tokens bear either. */
const isAmong = (name: string, wanted: readonly string[]): boolean =>
  wanted.includes(name) || (name === 'EdDSA' && wanted.includes('Ed25519'));

const ofSecrets = ['HS256', 'HS384', 'HS512'];
const ofRsa = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'];
const ofCurves: Readonly<Record<string, string>> = {
  'P-256': 'ES256',
  prime256v1: 'ES256',
  'P-384': 'ES384',
  secp384r1: 'ES384',
  'P-521': 'ES512',
  secp521r1: 'ES512',
  Ed25519: 'EdDSA',
};

/** As it is, and without one newline at its end: editors add one, and the original server took it for a part of the key. */
function secretKeys(bytes: Uint8Array): readonly PossibleKey[] {
  const newline = bytes.at(-1) === 0x0a ? (bytes.at(-2) === 0x0d ? 2 : 1) : 0;
  const secrets = newline === 0 ? [bytes] : [bytes, bytes.subarray(0, bytes.length - newline)];
  return secrets.map((key) => ({ key, algorithms: ofSecrets }));
}

function pemKey(pem: string): PossibleKey {
  let key: KeyObject;
  try {
    key = createPublicKey(pem);
  } catch {
    throw new TokenKeyError('this PEM text is no public key');
  }
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key;
  if (type === 'rsa') return { key, algorithms: ofRsa };
  if (type === 'ed25519') return { key, algorithms: ['EdDSA'] };
  const algorithm = ofCurves[details?.namedCurve ?? ''];
  if (algorithm === undefined) throw new TokenKeyError(`keys of the kind ${type} sign no tokens`);
  return { key, algorithms: [algorithm] };
}

async function jsonKeys(text: string): Promise<readonly PossibleKey[]> {
  let value: JWK & { readonly keys?: unknown };
  try {
    value = JSON.parse(text) as JWK;
  } catch {
    throw new TokenKeyError('this is neither a JWK nor a JWK set');
  }
  const set = Array.isArray(value.keys) ? (value.keys as readonly JWK[]) : [value];
  return Promise.all(set.filter((jwk) => jwk.use === undefined || jwk.use === 'sig').map(jwkKey));
}

async function jwkKey(jwk: JWK): Promise<PossibleKey> {
  const algorithms = algorithmsOf(jwk);
  const [usual] = algorithms;
  if (usual === undefined) throw new TokenKeyError(`JWKs of the kind ${String(jwk.kty)} sign no tokens`);
  try {
    // A private key may be written down; only its public half is taken.
    const { d: _, p: _p, q: _q, dp: _dp, dq: _dq, qi: _qi, key_ops: _ops, ...half } = jwk;
    const key = await importJWK(half, usual);
    return { key, algorithms, ...(jwk.kid === undefined ? {} : { kid: jwk.kid }) };
  } catch {
    throw new TokenKeyError('this JWK cannot be read');
  }
}

function algorithmsOf({ kty, crv, alg }: JWK): readonly string[] {
  const ofKind = kty === 'oct' ? ofSecrets : kty === 'RSA' ? ofRsa : [ofCurves[crv ?? ''] ?? []].flat();
  if (alg === undefined) return ofKind;
  const own = alg === 'Ed25519' ? 'EdDSA' : alg;
  return ofKind.filter((name) => name === own);
}
