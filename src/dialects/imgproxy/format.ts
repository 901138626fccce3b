import { PictorError } from '../../core/errors.ts';
import { encodeBase64Url } from '../../lib/base64url.ts';
import type { Operation } from '../../operations/index.gen.ts';
import { canonicalText } from '../../request/canonical.ts';
import type { ImageRequest, OutputSpec } from '../../request/image-request.ts';
import { compassPoints, gravityText } from './gravity.ts';
import type { ImgproxyRules } from './rules.ts';
import { sourceOfUri } from './source.ts';

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
  const wordings: readonly Wording[] = rules.compat === 'v1' ? [v1Path, v4Path] : [v4Path, v1Path];
  for (const wording of wordings) {
    const path = wording(image, rules);
    if (path !== null && readsAs(path, read) === wanted) return path;
  }
  throw new PictorError('OPTION_INVALID', { detail: 'imgproxy URLs cannot say this' });
}

function readsAs(path: string, read: Wordings['read']): string | null {
  try {
    return canonicalText(read(path));
  } catch (thrown) {
    if (thrown instanceof PictorError) return null;
    throw thrown;
  }
}

function v4Path(image: ImageRequest, rules: ImgproxyRules): string | null {
  const source = sourceOfUri(image.source, rules);
  const options = v4OptionTexts(image, rules);
  if (source === null || options === null) return null;
  const { exact } = image.output.format;
  const extension = exact === undefined ? '' : `@${exact === 'jpeg' ? 'jpg' : exact}`;
  return ['', noSignature, ...options, 'plain', escapePlain(source) + extension].join('/');
}

function v4OptionTexts(image: ImageRequest, rules: ImgproxyRules): string[] | null {
  const texts: string[] = [];
  const quality = qualityText(image.output, rules);
  const resize = image.operations.find((each) => each.op === 'resize');
  if (resize !== undefined) {
    const extend = image.operations.find((each) => each.op === 'extend');
    texts.push(...resizeTexts(resize, extend));
  }
  if (quality !== null) texts.push(quality);
  return texts.map((text) => text.replaceAll(':', rules.argumentsSeparator));
}

function resizeTexts(
  resize: Extract<Operation, { op: 'resize' }>,
  extend: Extract<Operation, { op: 'extend' }> | undefined,
): string[] {
  const { type = 'fit', width = 0, height = 0, enlarge = false, gravity } = resize;
  const canvas = extend?.gravity === undefined ? '' : `:${gravityText(extend.gravity)}`;
  const more = extend === undefined ? (enlarge ? ':1' : '') : `:${enlarge ? 1 : 0}:1${canvas}`;
  const box = width === 0 && height === 0 ? [] : [`rs:${type}:${width}:${height}${more}`];
  return gravity === undefined ? box : [...box, `g:${gravityText(gravity)}`];
}

/** Nothing where the settings alone give this quality. */
function qualityText({ format, quality }: OutputSpec, rules: ImgproxyRules): string | null {
  if (quality === undefined) return null;
  const usual = format.exact === undefined ? undefined : (rules.formatQuality[format.exact] ?? rules.quality);
  return quality === usual ? null : `q:${quality}`;
}

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
  const tail = `${encodeBase64Url(new TextEncoder().encode(source))}.${exact === 'jpeg' ? 'jpg' : exact}`;
  return ['', noSignature, type, width, height, place, enlarge, tail].join('/');
}

const v1Source = (uri: string): string =>
  uri.startsWith('local:') ? uri.replace(/[%?#]/g, encodeURIComponent) : uri;

type CutGravity = NonNullable<Extract<Operation, { op: 'resize' }>['gravity']>;

function v1Gravity(gravity: CutGravity): string {
  if (gravity.type !== 'compass') return 'sm';
  return Object.entries(compassPoints).find(([, point]) => point === gravity.at)?.[0] ?? 'ce';
}
