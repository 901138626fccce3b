/** Bytes and percent-escapes of URLs as text (RFC 3986 section 2.1). */

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Bytes of a URL as text: UTF-8 where they are UTF-8, otherwise each byte above 127 as its percent-escape, which names
 * the same resource.
 */
export function urlTextFromBytes(bytes: Uint8Array): string {
  try {
    return strictUtf8.decode(bytes);
  } catch {
    let text = '';
    for (const byte of bytes) {
      text += byte < 128 ? String.fromCharCode(byte) : `%${byte.toString(16).toUpperCase()}`;
    }
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

function bytesOfEscaped(text: string): Uint8Array {
  const bytes: number[] = [];
  for (const part of text.split(/(%[0-9A-Fa-f]{2})/)) {
    if (part.startsWith('%')) bytes.push(Number.parseInt(part.slice(1), 16));
    else bytes.push(...utf8.encode(part));
  }
  return Uint8Array.from(bytes);
}
