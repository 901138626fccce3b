import { PictorError } from '../../core/errors.ts';
import type { Delivery, ParsedRequest, RequestHints, RequestTarget } from '../../request/dialect.ts';
import { badArgument, largestSide, readDecimal, readInteger, withoutPadding } from './arguments.ts';
import { outputSpec } from './output.ts';
import { defaultPreset } from './presets.ts';
import type { ImgproxyRules } from './rules.ts';
import { decodedSource, replacedSource, sourceUri, unescapedSource, withoutLocalVersion } from './source.ts';
import { applyPresets } from './v4-delivery-options.ts';
import { type Draft, emptyDraft, resizingTypes } from './v4-draft.ts';
import { limitsOf } from './v4-limits.ts';
import { v4Operations } from './v4-operations.ts';
import type { OptionReading } from './v4-option.ts';
import { readyOption } from './v4-options.ts';
import { applyExtension } from './v4-output-options.ts';
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

/**
 * Reads a path of v4.
 * @throws PictorError URL_INVALID, OPTION_INVALID, OPTION_FORBIDDEN, EXPIRED, SOURCE_INVALID, FORMAT_UNSUPPORTED,
 *   SIGNATURE_MISPLACED
 */
export function parseV4(target: RequestTarget, rules: ImgproxyRules, hints: RequestHints): ParsedRequest {
  const { signature, path } = v4Signature(target, rules);
  const draft = startDraft(rules, hints);
  const parts = path.split('/');
  if (basicWords.has(parts[0]!) && !namesPresets(parts[0]!, rules))
    throw new PictorError('URL_INVALID', { detail: 'basic URL without width and height' });
  const begin = rules.onlyPresets
    ? applyPresetPart(draft, parts[0]!, rules)
    : applyOptions(draft, parts, rules);
  const source = readSource(parts.slice(begin), draft, rules);
  const limits = limitsOf(draft, rules);
  return {
    image: {
      source,
      operations: v4Operations(draft, rules),
      output: outputSpec(draft, rules, hints),
      ...(draft.edition === '' ? {} : { edition: draft.edition }),
      ...(limits === null ? {} : { limits }),
    },
    delivery: deliveryOf(draft, rules),
    grant: rules.keys.length === 0 ? { type: 'none' } : { type: 'hmac', message: `/${path}`, signature },
    ...(draft.raw ? { raw: true } : {}),
  };
}

/** Where only presets are allowed, one may be called `fit`. */
const namesPresets = (part: string, { onlyPresets, presets }: ImgproxyRules): boolean =>
  onlyPresets && presets.has(part);

/** What holds before the URL says anything: the client hints, and over them the preset called `default`. */
export function startDraft(rules: ImgproxyRules, hints: RequestHints): Draft {
  const draft = emptyDraft();
  if (rules.clientHints) applyHints(draft, hints);
  if (rules.presets.has(defaultPreset)) applyPresets(draft, [defaultPreset], readingOf(rules));
  return draft;
}

/** A client hint beyond this is not believed, as in imgproxy. */
const largestHintedDpr = 8;

function applyHints(draft: Draft, hints: RequestHints): void {
  const dpr = readDecimal(hints.dpr ?? '');
  if (dpr !== null && dpr > 0 && dpr <= largestHintedDpr) draft.dpr = dpr;
  const width = readInteger(hints.width ?? '');
  if (width !== null && width > 0) draft.width = Math.min(Math.round(width / draft.dpr), largestSide);
}

const readingOf = ({ allowSecurityOptions, presets }: ImgproxyRules): OptionReading => ({
  allowSecurityOptions,
  presets,
  within: [],
});

/** Applies options up to the first part that is none, and gives its index: there the source begins. */
function applyOptions(draft: Draft, parts: readonly string[], rules: ImgproxyRules): number {
  const { allowedOptions, argumentsSeparator } = rules;
  const reading = readingOf(rules);
  for (const [index, part] of parts.entries()) {
    const ready = readyOption(part, argumentsSeparator);
    if (ready === null) return index;
    if (allowedOptions !== null && !allowedOptions.has(ready.name))
      throw badArgument(ready.name, 'option is not on the list');
    ready.option.apply(draft, ready.args, { name: ready.name, reading });
  }
  throw new PictorError('URL_INVALID', { detail: 'no source' });
}

/** Where only presets are allowed, the first part names them. Gives the index of the part behind it. */
function applyPresetPart(draft: Draft, part: string, rules: ImgproxyRules): number {
  applyPresets(draft, part.split(rules.argumentsSeparator), readingOf(rules));
  return 1;
}

function readSource(parts: readonly string[], draft: Draft, rules: ImgproxyRules): string {
  const [first = ''] = parts;
  if (first === 'enc' || first === '-') {
    const what = first === 'enc' ? 'encrypted sources belong' : 'chained pipelines belong';
    throw new PictorError('URL_INVALID', { detail: `${what} to imgproxy Pro` });
  }
  const [text, extension = ''] = first === 'plain' ? splitPlain(parts.slice(1)) : splitEncoded(parts, rules);
  if (extension !== '' && !draft.raw) applyExtension(draft, extension);
  return withoutLocalVersion(sourceUri(replacedSource(text, rules), rules), rules);
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

function deliveryOf(draft: Draft, rules: ImgproxyRules): Delivery {
  const { filename, returnAttachment: attachment, expiresAt } = draft;
  return {
    ...(filename === undefined ? {} : { filename }),
    ...(attachment === undefined ? {} : { attachment }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
    vary: rules.vary,
  };
}
