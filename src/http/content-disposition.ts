/** What a picture is called when it is saved. */
export interface DispositionFacts {
  /** Given in the URL: a name without extension. */
  readonly filename?: string | undefined;
  readonly attachment?: boolean | undefined;
  /** URI of the original; its last part gives the name when the URL gave none. */
  readonly source: string;
  /** Extension of the result, without dot; empty: none. */
  readonly extension: string;
}

/** Long names are cut: some clients refuse a header line of many kilobytes, and file systems names beyond 255 bytes. */
const longestStem = 200;

/**
 * Content-Disposition (RFC 6266). The name is the one asked for, else the last part of the source's path without its
 * extension, else `image`. A quote becomes `%22`, as browsers do it in form data. Names beyond ASCII are sent twice:
 * readable for clients of RFC 8187, and with `_` for the rest. Control characters, and with them every way to start
 * another header, are dropped.
 */
export function contentDisposition(facts: DispositionFacts): string {
  const kind = facts.attachment === true ? 'attachment' : 'inline';
  const stem = harmless(facts.filename ?? '') || harmless(stemOfSource(facts.source)) || 'image';
  const name = facts.extension === '' ? stem : `${stem}.${facts.extension}`;
  const quoted = name.replaceAll('"', '%22').replaceAll('\\', '%5C');
  if (isAscii(name)) return `${kind}; filename="${quoted}"`;
  return `${kind}; filename="${quoted.replace(/[^\x20-\x7e]/gu, '_')}"; filename*=UTF-8''${extendedValue(name)}`;
}

const isAscii = (text: string): boolean => /^[\x20-\x7e]*$/.test(text);

/** No control characters, no separators of paths, no lone surrogates; direction marks could disguise an extension. */
function harmless(text: string): string {
  const clean = text
    .replace(/[\p{Cc}\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, '')
    .replaceAll('/', '_');
  return Array.from(clean.toWellFormed()).slice(0, longestStem).join('').trim();
}

function lastPartOf(source: string): string {
  const end = source.search(/[?#]/);
  const path = (end < 0 ? source : source.slice(0, end)).replace(/^[a-z][a-z0-9+.-]*:\/\/[^/]*/i, '');
  return decoded(path.slice(path.lastIndexOf('/') + 1));
}

function stemOfSource(source: string): string {
  const last = lastPartOf(source);
  const dot = last.lastIndexOf('.');
  return dot < 0 ? last : last.slice(0, dot);
}

/** The extension in the path of a source, in lower case, where there is one that looks like it. */
export const extensionOfSource = (source: string): string | undefined =>
  /\.([a-z0-9]{1,10})$/i.exec(lastPartOf(source))?.[1]?.toLowerCase();

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** `ext-value` of RFC 8187: what `encodeURIComponent` leaves and `attr-char` does not have is encoded as well. */
const extendedValue = (text: string): string =>
  encodeURIComponent(text).replace(/['()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
