import { encodeBase64Url } from '../../lib/base64url.ts';
import { escapePath, escapeQueryValue, trimBase } from '../escape.ts';
import { hmacSha256 } from '../hmac.ts';

/** What a signed URL lets its bearer do, and for how long. */
export interface UrlToSign {
  /** One of the server's signing secrets. Never in a browser: whoever has it can sign anything. */
  readonly secret: string | Uint8Array;
  /** Default POST. HEAD counts as a method of its own. */
  readonly method?: string;
  /** As the server reads it, that is without percent-escapes: `/products`. */
  readonly path: string;
  /** What the signature is good for, everything below it included: by default `path`. */
  readonly signedPath?: string;
  /** Address of the server, with or without a slash at its end. Default: none, the result begins with the path. */
  readonly base?: string;
  /** Seconds from `now` on; default 900. The server has a maximum (`--signature-max-ttl`, an hour by default). */
  readonly ttlSeconds?: number;
  /** Unix seconds until which it is good, the last one included; wins over `ttlSeconds`. */
  readonly expires?: number;
  /** Epoch milliseconds; default: the clock. */
  readonly now?: number;
}

/** Unix seconds, whole. @throws RangeError */
function expiryOf({ expires, ttlSeconds = 900, now = Date.now() }: UrlToSign): number {
  const seconds = expires ?? Math.floor(now / 1000 + ttlSeconds);
  if (Number.isSafeInteger(seconds)) return seconds;
  throw new RangeError(`a signed URL cannot expire at ${seconds}: expected whole Unix seconds`);
}

/**
 * A URL that a server with `--require-signature` accepts: `{base}{path}?X-Expires=…&X-Path=…&X-Signature=…`. Further
 * parameters (`outputs`, `source`) may be put behind it; they are not signed.
 * @throws TypeError for an empty secret, or a path that does not begin with a slash
 * @throws RangeError for an expiry that is no whole number of seconds
 */
export async function signUrl(url: UrlToSign): Promise<string> {
  const { secret, method = 'POST', path, signedPath = path, base = '' } = url;
  for (const each of [path, signedPath]) {
    if (!each.startsWith('/')) throw new TypeError(`expected a path that begins with /, not ${each}`);
  }
  const expires = expiryOf(url);
  const digest = await hmacSha256(secret, `${method}\n${signedPath}\n${expires}`);
  const query = `X-Expires=${expires}&X-Path=${escapeQueryValue(signedPath)}&X-Signature=${encodeBase64Url(digest)}`;
  return `${trimBase(base)}${escapePath(path)}?${query}`;
}
