/** Which addresses an SVG may name when it is handed to browsers, by what reads them. */
export type Reader =
  /** `use`: draws the referenced element as part of this document, so it must be of this document. */
  | 'use'
  /** Loads a picture, in which browsers run nothing. */
  | 'image'
  /** A link, a gradient, a text path …: followed or looked up. */
  | 'link';

const web: ReadonlySet<string> = new Set(['http:', 'https:']);

const schemePattern = /^[a-z][a-z0-9+.-]*:/i;

/** Schemes are told apart as a browser does; what has none is relative to the document. */
export function isSafeReference(reference: string, reader: Reader): boolean {
  const plain = startOf(reference);
  if (reader === 'use') return plain === '' || plain.startsWith('#');
  const scheme = schemePattern.exec(plain)?.[0].toLowerCase();
  if (scheme === undefined || web.has(scheme)) return true;
  return reader === 'image' && /^data:(?:image|font)\//i.test(plain);
}

/** More than the longest scheme. */
const lookedAt = 64;

/**
 * The first characters without what URL parsers skip: controls and spaces at the ends, tabs and line breaks anywhere
 * (WHATWG URL 4.4). Spaces are skipped anywhere, which makes no reference safer than it is.
 */
function startOf(reference: string): string {
  let plain = '';
  for (const char of reference) {
    const code = char.charCodeAt(0);
    if (code > 0x20 && (code < 0x7f || code > 0xa0)) plain += char;
    if (plain.length >= lookedAt) break;
  }
  return plain;
}

/** An SVG inside a `data:` URL, or null for any other reference. Undefined: it is one, but cannot be read. */
export function embeddedSvg(reference: string): Uint8Array | null | undefined {
  const plain = reference.replace(/[\t\r\n]/g, '').trimStart();
  const match = /^data:image\/svg\+xml([^,]*),/i.exec(plain);
  if (match === null) return null;
  const body = plain.slice(match[0].length);
  if (/;\s*base64\s*$/i.test(match[1]!)) return Buffer.from(body, 'base64');
  try {
    return Buffer.from(decodeURIComponent(body));
  } catch {
    return undefined;
  }
}

export const svgDataUrl = (svg: Uint8Array): string =>
  `data:image/svg+xml;base64,${Buffer.from(svg).toString('base64')}`;
