import { PictorError } from '../../core/errors.ts';
import type { RequestHints } from '../../request/dialect.ts';
import type { OutputSpec } from '../../request/image-request.ts';
import { isLossy, mayBeAsked, sorted, withStandIns } from './format-names.ts';
import type { ImgproxyRules } from './rules.ts';

const black = { r: 0, g: 0, b: 0 };

/** What a URL says of the output; what is absent is as the settings say. */
export interface WantedOutput {
  /** The format the URL names. */
  readonly format?: string | undefined;
  /** 1..100; 0: not said. */
  readonly quality?: number;
  /** By format name; 0: not said. */
  readonly formatQuality?: Readonly<Record<string, number>>;
  /** 0: no bound. */
  readonly maxBytes?: number;
  /** Formats handed over as they are, besides those of the settings. */
  readonly skipProcessing?: readonly string[];
  readonly stripMetadata?: boolean | undefined;
  readonly keepCopyright?: boolean | undefined;
  readonly stripColorProfile?: boolean | undefined;
  readonly preserveHdr?: boolean | undefined;
  readonly enforceThumbnail?: boolean | undefined;
  readonly maxAnimationFrames?: number | undefined;
}

/**
 * The output of a request: what the URL wants, and what the mount's settings say of the rest. Only what can matter for
 * the formats that may result is named, so that the same picture has the same key.
 * @throws PictorError FORMAT_UNSUPPORTED before anything is fetched for a format that cannot be written
 */
export function outputSpec(wanted: WantedOutput, rules: ImgproxyRules, hints: RequestHints): OutputSpec {
  const { format } = wanted;
  if (format !== undefined && !mayBeAsked(format))
    throw new PictorError('FORMAT_UNSUPPORTED', { detail: format });
  const negotiated = negotiatedFormats(format, rules, hints);
  const possible = [...negotiated, ...(format === undefined ? rules.preferredFormats : [format])];
  const written = withStandIns(possible);
  const frames = wanted.maxAnimationFrames ?? rules.maxAnimationFrames;
  return {
    format: {
      ...(negotiated.length === 0 ? {} : { negotiated }),
      ...(format === undefined ? { preferred: rules.preferredFormats } : { exact: format }),
    },
    ...qualityFields(wanted, written, rules),
    ...encoderFields(written, rules),
    ...(frames === null ? {} : { frames }),
    ...((wanted.stripMetadata ?? stripsMetadata(possible, rules)) ? {} : { metadata: 'keep' }),
    ...((wanted.keepCopyright ?? rules.keepCopyright) ? {} : { copyright: false }),
    ...((wanted.stripColorProfile ?? rules.stripColorProfile) ? {} : { profile: 'keep' }),
    ...((wanted.preserveHdr ?? rules.preserveHdr) ? { highDepth: true } : {}),
    ...(rules.compat === 'v1' && possible.includes('jpeg') ? { matte: black } : {}),
    ...untouchedFields(wanted, rules),
    ...((wanted.enforceThumbnail ?? rules.enforceThumbnail) ? { thumbnail: true } : {}),
  };
}

/** Best first. */
const negotiable = ['jxl', 'avif', 'webp'] as const;

/** Formats the client asks for by its Accept header (imgproxy looks for the bare text). */
function negotiatedFormats(format: string | undefined, rules: ImgproxyRules, hints: RequestHints): string[] {
  const { accept } = hints;
  if (accept === undefined) return [];
  const offered =
    format === undefined ? [...rules.autoFormats, ...rules.enforceFormats] : rules.enforceFormats;
  return negotiable.filter((name) => offered.includes(name) && accept.includes(`image/${name}`));
}

function qualityFields(
  { quality = 0, formatQuality = {}, maxBytes = 0 }: WantedOutput,
  possible: readonly string[],
  rules: ImgproxyRules,
): Pick<OutputSpec, 'quality' | 'formatQuality' | 'maxBytes'> {
  const formats = possible.filter(isLossy);
  const [only] = formats;
  if (only === undefined) return {};
  const bound = maxBytes === 0 ? {} : { maxBytes };
  if (quality > 0) return { quality, ...bound };
  const qualityFor = (format: string): number =>
    formatQuality[format] || (rules.formatQuality[format] ?? rules.quality);
  if (possible.length === 1) return { quality: qualityFor(only), ...bound };
  return {
    formatQuality: Object.fromEntries(formats.map((format) => [format, qualityFor(format)])),
    ...bound,
  };
}

function encoderFields(possible: readonly string[], rules: ImgproxyRules): Pick<OutputSpec, 'encoder'> {
  const named = Object.entries(rules.encoder).filter(([format]) => possible.includes(format));
  return named.length === 0 ? {} : { encoder: Object.fromEntries(named) };
}

/** v1 stripped JPEG and WebP only; what it wrote as PNG kept everything. */
function stripsMetadata(possible: readonly string[], rules: ImgproxyRules): boolean {
  return possible.length === 1 && possible[0] === 'png' ? rules.stripPngMetadata : rules.stripMetadata;
}

/** Formats whose originals are handed over as they are: an exact format leaves at most itself. */
function untouchedFields(
  { format, skipProcessing = [] }: WantedOutput,
  rules: ImgproxyRules,
): Pick<OutputSpec, 'untouched' | 'svgScripts'> {
  const all = skipProcessing.length === 0 ? rules.untouched : sorted([...rules.untouched, ...skipProcessing]);
  const untouched = all.filter((name) => format === undefined || (name === format && name !== 'svg'));
  const passesSvg = format === 'svg' || untouched.includes('svg');
  return {
    ...(untouched.length === 0 ? {} : { untouched }),
    ...(passesSvg && !rules.sanitizeSvg ? { svgScripts: 'keep' } : {}),
  };
}
