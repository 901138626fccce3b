/**
 * @typedef {object} Wish
 * @property {string} source address of the picture: `https://…` or `local:///…`
 * @property {number} width pixels, 0 for any
 * @property {number} height pixels, 0 for any
 * @property {string} resizing fit, fill, fill-down, force or auto
 * @property {string} gravity two letters per direction (`noea`), or `sm`
 * @property {string} format extension, or '' for the source's own
 * @property {number} quality 1..100
 */

/** Where the unsigned mount answers; the word in place of a signature follows it. */
const prefix = '/imgproxy/unsafe';

const cutting = new Set(['fill', 'fill-down', 'auto']);

/**
 * True when the wish may cut something off, so that it matters what is kept.
 * @param {string} resizing
 */
export const mayCut = (resizing) => cutting.has(resizing);

/**
 * The path that asks for this picture, in imgproxy's grammar.
 * @param {Wish} wish
 */
export function imagePath({ source, width, height, resizing, gravity, format, quality }) {
  const options = [`rs:${resizing}:${width}:${height}`];
  if (mayCut(resizing)) options.push(`g:${gravity}`);
  options.push(`q:${quality}`);
  const extension = format === '' ? '' : `@${format}`;
  return `${prefix}/${options.join('/')}/plain/${encodeURIComponent(source)}${extension}`;
}

/**
 * What a person typed, as a source: a bare host gets a scheme.
 * @param {string} text
 */
export function asSource(text) {
  const typed = text.trim();
  return typed === '' || /^[a-z][a-z0-9+.-]*:/i.test(typed) ? typed : `https://${typed.replace(/^\/+/, '')}`;
}

/** @param {number} bytes */
export function readableBytes(bytes) {
  if (bytes < 1000) return `${bytes} B`;
  return bytes < 1_000_000 ? `${(bytes / 1000).toFixed(1)} kB` : `${(bytes / 1_000_000).toFixed(2)} MB`;
}

/** @param {number} ms */
export const readableTime = (ms) => (ms < 10 ? `${ms.toFixed(1)} ms` : `${Math.round(ms)} ms`);
