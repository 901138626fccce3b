import { Buffer } from 'node:buffer';

/** Bytes that are looked at (https://mimesniff.spec.whatwg.org, section 7). */
const looked = 512;

/** First bytes in hexadecimal, two dots for any byte, and the types they give away. */
const magic: readonly (readonly [start: string, type: string])[] = [
  ['89504e470d0a1a0a', 'image/png'],
  ['ffd8ff', 'image/jpeg'],
  ['474946383761', 'image/gif'],
  ['474946383961', 'image/gif'],
  ['52494646........574542505650', 'image/webp'],
  ['424d', 'image/bmp'],
  ['00000100', 'image/x-icon'],
  ['00000200', 'image/x-icon'],
  ['255044462d', 'application/pdf'],
  ['252150532d41646f62652d', 'application/postscript'],
  ['1f8b08', 'application/x-gzip'],
  ['504b0304', 'application/zip'],
  ['feff', 'text/plain; charset=utf-16be'],
  ['fffe', 'text/plain; charset=utf-16le'],
  ['efbbbf', 'text/plain; charset=utf-8'],
];

const starts = magic.map(([start, type]) => ({ pattern: new RegExp(`^${start}`), type }));

const page =
  /^\s*<(?:!DOCTYPE HTML|HTML|HEAD|SCRIPT|IFRAME|H1|DIV|FONT|TABLE|A|STYLE|TITLE|B|BODY|BR|P)[ >]|^\s*<!--/i;
const xml = /^\s*<\?xml/;

/** Control characters that no text has. */
const isBinary = (byte: number): boolean =>
  byte <= 0x08 || byte === 0x0b || (byte >= 0x0e && byte <= 0x1a) || (byte >= 0x1c && byte <= 0x1f);

/**
 * The media type bytes look like, by their beginning, as browsers and Go find it out: what is nothing else is text, or
 * `application/octet-stream`. Formats younger than that (AVIF, JPEG XL) are not known here.
 */
export function sniffedType(bytes: Uint8Array): string {
  const length = Math.min(bytes.byteLength, looked);
  const start = Buffer.from(bytes.buffer, bytes.byteOffset, length);
  const hex = start.toString('hex', 0, 32);
  const known = starts.find(({ pattern }) => pattern.test(hex))?.type;
  if (known !== undefined) return known;
  const text = start.toString('latin1');
  if (page.test(text)) return 'text/html; charset=utf-8';
  if (xml.test(text)) return 'text/xml; charset=utf-8';
  return start.some(isBinary) ? 'application/octet-stream' : 'text/plain; charset=utf-8';
}
