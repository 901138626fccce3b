/** HMAC-SHA256 by Web Crypto: the same in browsers, workers and Node. */

const utf8 = new TextEncoder();

type Bytes = Uint8Array<ArrayBuffer>;

/** Text as UTF-8; bytes as they are, in memory of their own where Web Crypto would not take them. */
const asBytes = (value: string | Uint8Array): Bytes =>
  typeof value === 'string' ? utf8.encode(value) : new Uint8Array(value);

/** @throws TypeError for a secret without bytes: it would sign for everybody */
function importKey(secret: string | Uint8Array, use: 'sign' | 'verify') {
  const bytes = asBytes(secret);
  if (bytes.length === 0) throw new TypeError('the secret is empty');
  return crypto.subtle.importKey('raw', bytes, { name: 'HMAC', hash: 'SHA-256' }, false, [use]);
}

/** The 32 bytes. @throws TypeError for an empty secret */
export async function hmacSha256(secret: string | Uint8Array, message: string | Uint8Array): Promise<Bytes> {
  const key = await importKey(secret, 'sign');
  return new Uint8Array(await crypto.subtle.sign('HMAC', key, asBytes(message)));
}

/** What `isSignedWith` compares. */
export interface SignedMessage {
  readonly message: string | Uint8Array;
  readonly signature: Uint8Array;
}

/** Compared in constant time, as Web Crypto demands of `verify` for HMAC. @throws TypeError for an empty secret */
export async function isSignedWith(
  secret: string | Uint8Array,
  { message, signature }: SignedMessage,
): Promise<boolean> {
  const key = await importKey(secret, 'verify');
  return crypto.subtle.verify('HMAC', key, asBytes(signature), asBytes(message));
}
