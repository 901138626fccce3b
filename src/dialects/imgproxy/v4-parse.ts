import { PictorError } from '../../core/errors.ts';
import type { ParsedRequest, RequestHints, RequestTarget } from '../../request/dialect.ts';
import { badArgument } from './arguments.ts';
import { outputSpec } from './output.ts';
import type { ImgproxyRules } from './rules.ts';
import { decodedSource, sourceUri, unescapedSource } from './source.ts';
import { v4Operations } from './v4-operations.ts';
import { applyFormat, applyOption, type Draft, emptyDraft, resizingTypes } from './v4-options.ts';
import { type SignedPath, splitSignature } from './v4-path.ts';

/** First parts of the URLs of versions before 2, which v4 no longer takes for a source. */
const basicWords: ReadonlySet<string> = new Set(resizingTypes);

/**
 * Splits off the signature. Where none is needed, a forgotten one is told apart by the `:` of the option in its place.
 * @throws PictorError URL_INVALID, SIGNATURE_MISPLACED
 */
export function v4Signature(target: RequestTarget, rules: ImgproxyRules): SignedPath {
  const signed = splitSignature(target.path);
  if (rules.keys.length === 0 && signed.signature.includes(':')) {
    throw new PictorError('SIGNATURE_MISPLACED', { detail: signed.signature.slice(0, 200) });
  }
  return signed;
}

/** Reads a path of v4. @throws PictorError URL_INVALID, OPTION_INVALID, OPTION_FORBIDDEN, SOURCE_INVALID, SIGNATURE_MISPLACED */
export function parseV4(target: RequestTarget, rules: ImgproxyRules, hints: RequestHints): ParsedRequest {
  const { signature, path } = v4Signature(target, rules);
  const draft = emptyDraft();
  const parts = path.split('/');
  if (basicWords.has(parts[0]!))
    throw new PictorError('URL_INVALID', { detail: 'basic URL without width and height' });
  const source = readSource(parts.slice(applyOptions(draft, parts, rules)), draft, rules);
  const quality = draft.quality > 0 ? { quality: draft.quality } : {};
  const format = draft.format === undefined ? {} : { format: draft.format };
  return {
    image: {
      source,
      operations: v4Operations(draft, rules),
      output: outputSpec({ ...quality, ...format }, rules, hints),
    },
    delivery: { vary: negotiates(rules) ? ['Accept'] : [] },
    grant: rules.keys.length === 0 ? { type: 'none' } : { type: 'hmac', message: `/${path}`, signature },
  };
}

const negotiates = (rules: ImgproxyRules): boolean =>
  rules.autoFormats.length + rules.enforceFormats.length > 0;

/** Applies options up to the first part that is none, and gives its index: there the source begins. */
function applyOptions(draft: Draft, parts: readonly string[], rules: ImgproxyRules): number {
  const { allowedOptions, argumentsSeparator } = rules;
  for (const [index, part] of parts.entries()) {
    const [name, ...args] = part.split(argumentsSeparator);
    if (args.length === 0) return index;
    if (allowedOptions !== null && !allowedOptions.has(name!))
      throw badArgument(name!, 'option is not on the list');
    applyOption(draft, name!, args);
  }
  throw new PictorError('URL_INVALID', { detail: 'no source' });
}

function readSource(parts: readonly string[], draft: Draft, rules: ImgproxyRules): string {
  const [text, extension = ''] =
    parts[0] === 'plain' ? splitPlain(parts.slice(1)) : splitEncoded(parts, rules);
  if (extension !== '') applyFormat(draft, extension, 'extension');
  return withoutVersion(sourceUri(text, rules));
}

/** `{escaped URL}[@{extension}]`: text and extension. */
function splitPlain(parts: readonly string[]): [text: string, extension: string | undefined] {
  const [escaped, extension, ...more] = parts.join('/').split('@');
  if (more.length > 0) throw new PictorError('URL_INVALID', { detail: 'more than one @ in a plain source' });
  return [unescapedSource(escaped!), extension];
}

/** `{base64, split as one likes}[.{extension}][/{file name}]`: text and extension. */
function splitEncoded(
  parts: readonly string[],
  rules: ImgproxyRules,
): [text: string, extension: string | undefined] {
  const kept = rules.base64UrlIncludesFilename && parts.length > 1 ? parts.slice(0, -1) : parts;
  const [encoded, extension, ...more] = kept.join('').split('.');
  if (more.length > 0)
    throw new PictorError('URL_INVALID', { detail: 'more than one dot in an encoded source' });
  return [decodedSource(withoutPadding(encoded!)), extension];
}

/** Counted from the end: a pattern would take quadratic time over a long run of `=` in the middle. */
function withoutPadding(encoded: string): string {
  let end = encoded.length;
  while (end > 0 && encoded[end - 1] === '=') end -= 1;
  return encoded.slice(0, end);
}

/** Local paths are literal text, but for what follows a `?`: that would be the version in a store that has versions. */
const withoutVersion = (uri: string): string => (/^local:/i.test(uri) ? uri.replace(/\?.*$/s, '') : uri);
