import { PictorError } from '../../core/errors.ts';
import { encodeBase64Url } from '../../lib/base64url.ts';
import type { Operation } from '../../operations/index.gen.ts';
import { canonicalText, readsAs } from '../../request/canonical.ts';
import type { ImageRequest } from '../../request/image-request.ts';
import { urlFormatName } from './format-names.ts';
import { compassPoints } from './gravity.ts';
import type { ImgproxyRules } from './rules.ts';
import { sourceOfUri } from './source.ts';
import { draftOf } from './v4-draft-of.ts';
import { startDraft } from './v4-parse.ts';
import { optionTexts } from './v4-texts.ts';

/** Where the signature goes; what stands there while there is none. */
const noSignature = 'unsafe';

type Wording = (image: ImageRequest, rules: ImgproxyRules) => string | null;

interface Wordings {
  readonly rules: ImgproxyRules;
  /** Reads a path back. @throws PictorError */
  readonly read: (path: string) => ImageRequest;
}

/**
 * The path that asks for a picture, `unsafe` in place of the signature. Each grammar words it as well as it can; what
 * reads back as the same picture is the answer.
 * @throws PictorError OPTION_INVALID when neither grammar can say it under these settings
 */
export function formatRequest(image: ImageRequest, { rules, read }: Wordings): string {
  const wanted = canonicalText(image);
  for (const wording of wordingsOf(rules)) {
    const path = wording(image, rules);
    if (path !== null && readsAs(path, read) === wanted) return path;
  }
  throw new PictorError('OPTION_INVALID', { detail: 'imgproxy URLs cannot say this' });
}

function wordingsOf(rules: ImgproxyRules): readonly Wording[] {
  if (rules.onlyPresets) return [...rules.presets.keys()].map(presetPath);
  return rules.compat === 'v1' ? [v1Path, v4Path] : [v4Path, v1Path];
}

function v4Path(image: ImageRequest, rules: ImgproxyRules): string | null {
  const source = sourceOfUri(image.source, rules);
  if (source === null) return null;
  const before = startDraft(rules, {});
  const options = optionTexts(draftOf(image, before, rules), before, rules);
  return v4PathOf(options, source, image);
}

function v4PathOf(options: readonly string[], source: string, image: ImageRequest): string {
  const { exact } = image.output.format;
  const extension = exact === undefined ? '' : `@${urlFormatName(exact)}`;
  return ['', noSignature, ...options, 'plain', escapePlain(source) + extension].join('/');
}

/** One preset for the whole picture, for mounts whose URLs name presets and nothing else. */
const presetPath =
  (preset: string): Wording =>
  (image, rules) => {
    const source = sourceOfUri(image.source, rules);
    return source === null ? null : v4PathOf([preset], source, image);
  };

/** `%`, `?`, `@`, `#` and everything that may not stand in a URL, and a `:/` that would be taken for a broken `://`. */
const escapePlain = (source: string): string =>
  source
    .toWellFormed()
    .replace(/[^\x21-\x7e]+|["#%<>?@[\\\]^`{|}]/gu, encodeURIComponent)
    .replace(/^([^/]*):\/(?=[^/])/, '$1%3A/');

function v1Path(image: ImageRequest, rules: ImgproxyRules): string | null {
  const source = sourceOfUri(v1Source(image.source), rules);
  const { exact } = image.output.format;
  const cut = image.operations.find((each) => each.op === 'crop' || each.op === 'resize');
  if (source === null || exact === undefined) return null;
  const { width = 0, height = 0, gravity } = cut ?? {};
  const type = cut === undefined ? 'fit' : cut.op === 'crop' ? 'crop' : (cut.type ?? 'fit');
  const enlarge = cut?.op === 'resize' && cut.enlarge === true ? '1' : '0';
  const place = gravity === undefined ? 'ce' : v1Gravity(gravity);
  const tail = `${encodeBase64Url(new TextEncoder().encode(source))}.${urlFormatName(exact)}`;
  return ['', noSignature, type, width, height, place, enlarge, tail].join('/');
}

const v1Source = (uri: string): string =>
  uri.startsWith('local:') ? uri.replace(/[%?#]/g, encodeURIComponent) : uri;

type CutGravity = NonNullable<Extract<Operation, { op: 'resize' }>['gravity']>;

function v1Gravity(gravity: CutGravity): string {
  if (gravity.type !== 'compass') return 'sm';
  return Object.entries(compassPoints).find(([, point]) => point === gravity.at)?.[0] ?? 'ce';
}
