/** Bytes and percent-escapes of URLs as text (RFC 3986 section 2.1). */

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Escapes of the bytes from 128 on. */
const highEscapes = Array.from({ length: 128 }, (_, byte) => `%${(byte + 128).toString(16).toUpperCase()}`);

/**
 * Bytes of a URL as text: UTF-8 where they are UTF-8, otherwise each byte above 127 as its percent-escape, which names
 * the same resource.
 */
export function urlTextFromBytes(bytes: Uint8Array): string {
  try {
    return strictUtf8.decode(bytes);
  } catch {
    let text = '';
    for (const byte of bytes) text += byte < 128 ? String.fromCharCode(byte) : highEscapes[byte - 128]!;
    return text;
  }
}

/** Resolves every percent-escape once; null when one is malformed. Escapes that are no UTF-8 stay as they are. */
export function decodePercent(text: string): string | null {
  if (!text.includes('%')) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    if (/%(?![0-9A-Fa-f]{2})/.test(text)) return null;
    return urlTextFromBytes(bytesOfEscaped(text));
  }
}

const utf8 = new TextEncoder();
const percent = 0x25;

/** UTF-8 of a text whose escapes are all well formed, with the escapes resolved. */
function bytesOfEscaped(text: string): Uint8Array {
  const bytes = utf8.encode(text);
  let length = 0;
  for (let at = 0; at < bytes.length; at += 1) {
    const escaped = bytes[at] === percent;
    bytes[length] = escaped ? hexDigit(bytes[at + 1]!) * 16 + hexDigit(bytes[at + 2]!) : bytes[at]!;
    length += 1;
    if (escaped) at += 2;
  }
  return bytes.subarray(0, length);
}

/** Value of an ASCII digit or letter a..f, A..F. */
const hexDigit = (code: number): number => (code <= 0x39 ? code - 0x30 : (code | 0x20) - 0x57);

const plainUserInfo = /(:\/\/)[^/?#\s]*(?:@|%40)/g;
const escapedUserInfo = /((?::|%3a)(?:\/|%2f){2})(?:(?!%2f|%3f|%23)[^/?#\s])*(?:@|%40)/gi;

/**
 * The text with user and password of every URL in it replaced by `***`: they are nobody's business but the source's. Up to
 * the last `@` before the path, as hosts are read (WHATWG); URLs whose signs are escaped once are found too. In doubt more
 * is hidden than needed.
 */
export const withoutUserInfo = (text: string): string =>
  text.includes('@') || text.includes('%40')
    ? text.replace(plainUserInfo, '$1***@').replace(escapedUserInfo, '$1***@')
    : text;

const urlQuery = /(:\/\/[^?#\s]*\?)([^#\s]+)/g;

/** `name=***` of a pair; what is no pair is a value. */
const withoutValue = (pair: string): string => {
  const value = pair.indexOf('=') + 1;
  return value === pair.length ? pair : `${pair.slice(0, value)}***`;
};

/** The text with `***` for every value in the queries of URLs. For settings, whose URLs may bear the token of a service. */
export const withoutQueryValues = (text: string): string =>
  text.replace(
    urlQuery,
    (_, before: string, query: string) => before + query.replace(/[^&;]+/g, withoutValue),
  );
