import type { EncoderOptions } from '../../core/format.ts';
import { sorted } from './format-names.ts';
import { readPresets } from './presets.ts';
import { type ImgproxySettings, imgproxySettings } from './settings.ts';
import { readReplacement, type SourceReplacement } from './source.ts';
import type { Presets } from './v4-option.ts';

/** What the two versions do where nothing is configured. */
const modes = {
  v4: {
    maxAnimationFrames: null,
    ttlSeconds: 31_536_000,
    useEtag: true,
    useLastModified: true,
    formatQuality: { webp: 79, avif: 63, jxl: 77 } as Readonly<Record<string, number>>,
    stripPngMetadata: true,
  },
  v1: {
    maxAnimationFrames: 1,
    ttlSeconds: 3600,
    useEtag: false,
    useLastModified: false,
    formatQuality: {} as Readonly<Record<string, number>>,
    stripPngMetadata: false,
  },
} as const;

/** Settings with every mode-bound default filled in, and what parsing needs of them made ready. */
export interface ImgproxyRules extends Omit<ImgproxySettings, 'maxAnimationFrames' | 'presets'> {
  /** Null: as many as the limits of the server allow. */
  readonly maxAnimationFrames: number | null;
  readonly ttlSeconds: number;
  readonly useEtag: boolean;
  readonly useLastModified: boolean;
  readonly stripMetadata: boolean;
  /** Without it, PNG output keeps its metadata, as v1 did. */
  readonly stripPngMetadata: boolean;
  readonly formatQuality: Readonly<Record<string, number>>;
  /** Encoder knobs by format name; formats without any are absent. */
  readonly encoder: Readonly<Record<string, EncoderOptions>>;
  /** Names of options a URL may use; null: all. */
  readonly allowedOptions: ReadonlySet<string> | null;
  readonly presets: Presets;
  readonly replacements: readonly SourceReplacement[];
  /** Formats handed over as they are, in the order of letters. */
  readonly untouched: readonly string[];
  /** Headers that pictures of this mount depend on. */
  readonly vary: readonly string[];
  /** Null: none is configured, and the option for it changes nothing. */
  readonly watermark: { readonly uri: string; readonly opacity: number } | null;
}

const known = new WeakMap<ImgproxySettings, ImgproxyRules>();

/** The rules of a mount. Worked out once per settings object. */
export function rulesOf(settings: ImgproxySettings): ImgproxyRules {
  const before = known.get(settings);
  if (before !== undefined) return before;
  const mode = modes[settings.compat];
  const rules: ImgproxyRules = {
    ...settings,
    maxAnimationFrames: settings.maxAnimationFrames ?? mode.maxAnimationFrames,
    ttlSeconds: settings.ttlSeconds ?? mode.ttlSeconds,
    useEtag: settings.useEtag ?? mode.useEtag,
    useLastModified: settings.useLastModified ?? mode.useLastModified,
    stripMetadata: settings.stripMetadata ?? true,
    stripPngMetadata: settings.stripMetadata ?? mode.stripPngMetadata,
    formatQuality: settings.formatQuality ?? mode.formatQuality,
    encoder: encoderOptions(settings),
    allowedOptions:
      settings.allowedProcessingOptions.length === 0 ? null : new Set(settings.allowedProcessingOptions),
    presets: readPresets(settings.presets, settings.argumentsSeparator),
    replacements: settings.urlReplacements.map(({ pattern, replacement }) =>
      readReplacement(pattern, replacement),
    ),
    untouched: sorted([...settings.skipProcessingFormats, ...(settings.alwaysRasterizeSvg ? [] : ['svg'])]),
    vary: varyOf(settings),
    watermark:
      settings.assets?.['watermark'] === undefined
        ? null
        : { uri: settings.assets['watermark'], opacity: settings.watermarkOpacity },
  };
  known.set(settings, rules);
  return rules;
}

const varyOf = ({ autoFormats, enforceFormats, clientHints }: ImgproxySettings): readonly string[] => [
  ...(autoFormats.length + enforceFormats.length > 0 ? ['Accept'] : []),
  ...(clientHints ? ['Sec-Ch-Dpr', 'Dpr', 'Sec-Ch-Width', 'Width'] : []),
];

/** Every setting of a mount, in the order of the schema, as it takes effect; null where nothing is set. */
export function effectiveSettings(settings: ImgproxySettings): Readonly<Record<string, unknown>> {
  const rules: Readonly<Record<string, unknown>> = { ...rulesOf(settings), presets: settings.presets };
  return Object.fromEntries(Object.keys(imgproxySettings.shape).map((name) => [name, rules[name] ?? null]));
}

/** Only what was asked for: pictor's own encoder defaults stand otherwise. */
function encoderOptions(settings: ImgproxySettings): Record<string, EncoderOptions> {
  const options: Record<string, EncoderOptions> = {
    jpeg: settings.jpegProgressive ? { progressive: true } : {},
    png: {
      ...(settings.pngInterlaced ? { progressive: true } : {}),
      ...(settings.pngQuantize ? { palette: true, colours: settings.pngQuantizationColors } : {}),
    },
    webp: {
      ...(settings.webpEffort === undefined ? {} : { effort: settings.webpEffort }),
      ...(settings.webpPreset === 'default' ? {} : { preset: settings.webpPreset }),
    },
    avif: settings.avifSpeed === undefined ? {} : { effort: 9 - settings.avifSpeed },
    jxl: settings.jxlEffort === undefined ? {} : { effort: settings.jxlEffort },
  };
  return Object.fromEntries(Object.entries(options).filter(([, knobs]) => Object.keys(knobs).length > 0));
}
