import { PictorError } from '../../core/errors.ts';
import { decodeBase64Url } from '../../lib/base64url.ts';
import { decodePercent, urlTextFromBytes } from '../../lib/url-text.ts';
import { assetScheme } from '../../request/dialect.ts';
import type { ImgproxyRules } from './rules.ts';

const unreadable = (detail: string): PictorError => new PictorError('URL_INVALID', { detail });

/** The text behind URL-safe base64 without padding. @throws PictorError URL_INVALID */
export function decodedSource(encoded: string): string {
  const bytes = decodeBase64Url(encoded);
  if (bytes === null || bytes.length === 0) throw unreadable('source is not URL-safe base64');
  return urlTextFromBytes(bytes);
}

/** The text behind percent-escapes. @throws PictorError URL_INVALID */
export function unescapedSource(escaped: string): string {
  const text = decodePercent(escaped);
  if (text === null || text === '') throw unreadable('source is empty or has a broken escape');
  return text;
}

/**
 * The URI to read from. v1 put its base URL before every source, v4 before those that do not begin with it.
 * @throws PictorError SOURCE_INVALID when the result has no scheme, or that of assets; in v1 mode URL_INVALID when the source itself is
 *   neither an absolute URL nor a path
 */
export function sourceUri(source: string, rules: ImgproxyRules): string {
  if (rules.compat === 'v1' && !isAbsolute(source))
    throw unreadable('source is neither an absolute URL nor a path');
  const { baseUrl } = rules;
  const based = rules.compat === 'v1' || !source.startsWith(baseUrl) ? baseUrl + source : source;
  // What the operator keeps for the server itself is nobody's source.
  const [scheme] = based.split(':', 1);
  if (!hasScheme(based) || hasControls(based) || scheme!.toLowerCase() === assetScheme) {
    throw new PictorError('SOURCE_INVALID', { detail: `no usable URL: ${based.slice(0, 200)}` });
  }
  return based;
}

/** The source text with every replacement made, one after the other. */
export const replacedSource = (source: string, { replacements }: ImgproxyRules): string =>
  replacements.reduce((text, { pattern, replacement }) => text.replace(pattern, replacement), source);

/** What a source text becomes where it begins with a pattern. */
export interface SourceReplacement {
  readonly pattern: RegExp;
  readonly replacement: (match: string, ...runs: string[]) => string;
}

/**
 * A replacement made ready. The pattern is literal but for `*`, which is any run without `/`; `${1}` in the replacement is
 * what the first of them stood for.
 */
export function readReplacement(pattern: string, replacement: string): SourceReplacement {
  const literal = pattern
    .split(/\*+/)
    .map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'))
    .join('([^/]*)');
  return {
    pattern: new RegExp(`^${literal}`),
    replacement: (_match, ...runs) =>
      replacement.replace(/\$(?:(\d+)|\{(\d+)\})/g, (_sign, bare: string, braced: string) => {
        const run = runs[Number(bare ?? braced) - 1];
        return typeof run === 'string' ? run : '';
      }),
  };
}

/** Local paths are literal text, but for what follows the separator: that would be the version in a store that has versions. */
export function withoutLocalVersion(
  uri: string,
  { sourceUrlQuerySeparator: separator }: ImgproxyRules,
): string {
  if (separator === '' || !/^local:/i.test(uri)) return uri;
  const end = uri.indexOf(separator, 'local:'.length);
  return end < 0 ? uri : uri.slice(0, end);
}

/** What has to stand in a URL so that `sourceUri` gives this URI; null when the base URL forbids it. */
export function sourceOfUri(uri: string, rules: ImgproxyRules): string | null {
  const { baseUrl } = rules;
  if (rules.compat !== 'v1') return uri.startsWith(baseUrl) ? uri : null;
  return uri.startsWith(baseUrl) && uri.length > baseUrl.length ? uri.slice(baseUrl.length) : null;
}

/** What Go's ParseRequestURI takes: an absolute URI, or a path. */
export const isAbsolute = (source: string): boolean =>
  (source.startsWith('/') || hasScheme(source)) && !hasControls(source);

const hasScheme = (uri: string): boolean => /^[A-Za-z][A-Za-z0-9+.-]*:/.test(uri);

/** Go's URL parser refuses control characters anywhere; so does every HTTP client worth its name. */
function hasControls(text: string): boolean {
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code < 0x20 || code === 0x7f) return true;
  }
  return false;
}
