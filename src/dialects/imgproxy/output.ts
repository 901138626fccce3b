import { PictorError } from '../../core/errors.ts';
import type { RequestHints } from '../../request/dialect.ts';
import type { OutputSpec } from '../../request/image-request.ts';
import type { ImgproxyRules } from './rules.ts';

/** Format names of URLs and old settings, and what pictor calls them. */
const formatNames: Readonly<Record<string, string>> = {
  jpg: 'jpeg',
  jpeg: 'jpeg',
  png: 'png',
  webp: 'webp',
  avif: 'avif',
  gif: 'gif',
  tiff: 'tiff',
  jxl: 'jxl',
  heic: 'heic',
  bmp: 'bmp',
  ico: 'ico',
  svg: 'svg',
};

/** pictor's name of a format that a URL names, or null. Upper case is another name. */
export const formatNamed = (name: string): string | null =>
  Object.hasOwn(formatNames, name) ? formatNames[name]! : null;

const writable: ReadonlySet<string> = new Set(['jpeg', 'png', 'webp', 'avif', 'gif', 'tiff']);

/** Of these, the ones for which a quality means something. */
const lossy: ReadonlySet<string> = new Set(['jpeg', 'webp', 'avif']);

const black = { r: 0, g: 0, b: 0 };

export interface WantedOutput {
  /** The format the URL names. */
  readonly format?: string;
  /** 1..100, when the URL says so. */
  readonly quality?: number;
}

/**
 * The output of a request: what the URL wants, and what the mount's settings say of the rest. Only what can matter for
 * the formats that may result is named, so that the same picture has the same key.
 * @throws PictorError FORMAT_UNSUPPORTED before anything is fetched for a format that cannot be written
 */
export function outputSpec(wanted: WantedOutput, rules: ImgproxyRules, hints: RequestHints): OutputSpec {
  if (wanted.format !== undefined && !writable.has(wanted.format)) {
    throw new PictorError('FORMAT_UNSUPPORTED', { detail: wanted.format });
  }
  const negotiated = negotiatedFormats(wanted.format, rules, hints);
  const possible = [
    ...negotiated,
    ...(wanted.format === undefined ? rules.preferredFormats : [wanted.format]),
  ];
  return {
    format: {
      ...(negotiated.length === 0 ? {} : { negotiated }),
      ...(wanted.format === undefined ? { preferred: rules.preferredFormats } : { exact: wanted.format }),
    },
    ...qualityFields(wanted.quality, possible, rules),
    ...encoderFields(possible, rules),
    ...(rules.maxAnimationFrames === null ? {} : { frames: rules.maxAnimationFrames }),
    ...(keepsMetadata(possible, rules) ? { metadata: 'keep' } : {}),
    ...(rules.keepCopyright ? {} : { copyright: false }),
    ...(rules.stripColorProfile ? {} : { profile: 'keep' }),
    ...(rules.preserveHdr ? { highDepth: true } : {}),
    ...(rules.compat === 'v1' && possible.includes('jpeg') ? { matte: black } : {}),
  };
}

/** Formats the client asks for by its Accept header, best first (imgproxy looks for the bare text). */
function negotiatedFormats(format: string | undefined, rules: ImgproxyRules, hints: RequestHints): string[] {
  const { accept } = hints;
  if (accept === undefined) return [];
  const offered =
    format === undefined ? [...rules.autoFormats, ...rules.enforceFormats] : rules.enforceFormats;
  return ['avif', 'webp'].filter(
    (name) => offered.some((each) => each === name) && accept.includes(`image/${name}`),
  );
}

function qualityFields(
  quality: number | undefined,
  possible: readonly string[],
  rules: ImgproxyRules,
): Pick<OutputSpec, 'quality' | 'formatQuality'> {
  const formats = possible.filter((format) => lossy.has(format));
  const [only] = formats;
  if (only === undefined) return {};
  if (quality !== undefined) return { quality };
  const qualityFor = (format: string): number => rules.formatQuality[format] ?? rules.quality;
  if (possible.length === 1) return { quality: qualityFor(only) };
  return { formatQuality: Object.fromEntries(formats.map((format) => [format, qualityFor(format)])) };
}

function encoderFields(possible: readonly string[], rules: ImgproxyRules): Pick<OutputSpec, 'encoder'> {
  const named = Object.entries(rules.encoder).filter(([format]) => possible.includes(format));
  return named.length === 0 ? {} : { encoder: Object.fromEntries(named) };
}

/** v1 stripped JPEG and WebP only; what it wrote as PNG kept everything. */
function keepsMetadata(possible: readonly string[], rules: ImgproxyRules): boolean {
  if (possible.length === 1 && possible[0] === 'png') return !rules.stripPngMetadata;
  return !rules.stripMetadata;
}
