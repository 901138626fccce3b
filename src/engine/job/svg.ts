/** Knowing SVG by its bytes, and handing it to librsvg in a form that libvips recognises. */

const byteOrderMarks: readonly (readonly [bytes: readonly number[], encoding: string])[] = [
  [[0xef, 0xbb, 0xbf], 'utf-8'],
  [[0xff, 0xfe], 'utf-16le'],
  [[0xfe, 0xff], 'utf-16be'],
];

/** What may stand before the root element (XML 1.0 section 2.8): spaces, comments, instructions, a document type. */
const beforeRoot = /^(?:\s+|<!--.*?-->|<\?.*?\?>|<!DOCTYPE(?:[^[>"']|"[^"]*"|'[^']*')*(?:\[.*?\]\s*)?>)/is;
const svgRoot = /^<(?:[A-Za-z_][\w.-]*:)?svg[\s/>]/;

/** True when the first element of this XML is `svg`. Compressed SVG (`.svgz`) is not taken for one. */
export function looksLikeSvg(head: Uint8Array): boolean {
  let text = decodeXml(head);
  if (!/^\s*</.test(text)) return false;
  for (let match = beforeRoot.exec(text); match !== null; match = beforeRoot.exec(text))
    text = text.slice(match[0].length);
  return svgRoot.test(text);
}

/** libvips looks for `<svg` in so many bytes and does not like other encodings there (vips_foreign_load_svg_is_a). */
const sniffedLength = 1000;
const signpost = '<!-- <svg -->';

/**
 * The same document so that libvips takes it for SVG: unchanged in the ordinary case; otherwise as UTF-8 without mark
 * and declaration, led by a comment that names the root.
 */
export function recognisableSvg(bytes: Uint8Array): Uint8Array {
  const start = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, sniffedLength));
  const ascii = start.every((byte) => byte < 0x80);
  if (ascii && start.toString('latin1').toLowerCase().includes('<svg')) return bytes;
  const text = decodeXml(bytes).replace(/^\s*<\?xml\s.*?\?>/s, '');
  return Buffer.from(signpost + text);
}

/** sharp draws at this many dpi by itself, and everything larger by density / 72 at another. */
const plainDensity = 72;
const cssDensity = 96;

const physicalLength = /\d(?:in|cm|mm|q|pt|pc)\b/i;

/**
 * Dots per inch at which an inch, a point or a millimetre of this document is as long as CSS says, or undefined where
 * there are none. The drawing is then larger as well, by a factor that does not divide evenly, which a plan undoes: its
 * first step says how large to draw.
 */
export function densityOf(svg: Uint8Array): number | undefined {
  const text = Buffer.from(svg.buffer, svg.byteOffset, svg.byteLength).toString('latin1');
  return physicalLength.test(text) ? cssDensity : undefined;
}

/** What sharp says of the size of a drawing, in CSS pixels. */
export const inCssPixels = (length: number, density: number): number =>
  Math.max(1, Math.round((length * plainDensity) / density));

/** The text of an XML document, in the encoding it says it has. */
export function decodeXml(bytes: Uint8Array): string {
  for (const [mark, encoding] of byteOrderMarks) {
    if (mark.every((byte, index) => bytes[index] === byte)) return new TextDecoder(encoding).decode(bytes);
  }
  const declaration = Buffer.from(bytes.subarray(0, 200)).toString('latin1');
  const encoding = /^<\?xml[^>]*encoding=["']([\w-]+)["']/.exec(declaration)?.[1] ?? 'utf-8';
  try {
    return new TextDecoder(encoding).decode(bytes);
  } catch {
    return new TextDecoder().decode(bytes);
  }
}
