import { badArgument, readInteger } from './arguments.ts';
import { formatNamed } from './format-names.ts';
import type { Draft } from './v4-draft.ts';
import { numberOption, type OptionUse, readPercent, switchOption, type UrlOption } from './v4-option.ts';

function readFormat({ name }: Pick<OptionUse, 'name'>, text: string): string {
  const format = formatNamed(text);
  if (format === null) throw badArgument(name, text);
  return format;
}

/** Sets the output format by its URL name. @throws PictorError OPTION_INVALID */
export function applyExtension(draft: Draft, extension: string): void {
  draft.format = readFormat({ name: 'extension' }, extension);
}

function readBytes({ name }: OptionUse, text: string): number {
  const value = readInteger(text);
  if (value === null || value < 0) throw badArgument(name, text);
  return value;
}

/** How the result is written. */
export const outputOptions: readonly UrlOption[] = [
  switchOption('stripMetadata', 'strip_metadata', 'sm'),
  switchOption('keepCopyright', 'keep_copyright', 'kcr'),
  switchOption('stripColorProfile', 'strip_color_profile', 'scp'),
  switchOption('preserveHdr', 'preserve_hdr', 'ph'),
  switchOption('enforceThumbnail', 'enforce_thumbnail', 'eth'),
  numberOption({ field: 'quality', syntax: '0..100, 0: as configured', read: readPercent }, 'quality', 'q'),
  {
    names: ['format_quality', 'fq'],
    syntax: 'format:quality:format:quality…',
    most: Number.POSITIVE_INFINITY,
    apply(draft, args, use) {
      if (args.length % 2 !== 0) throw badArgument(use.name, 'a quality is missing');
      const qualities: Record<string, number> = { ...draft.formatQuality };
      for (let index = 0; index < args.length; index += 2) {
        qualities[readFormat(use, args[index]!)] = readPercent(use, args[index + 1]!);
      }
      draft.formatQuality = qualities;
    },
  },
  numberOption({ field: 'maxBytes', syntax: 'bytes', read: readBytes }, 'max_bytes', 'mb'),
  {
    names: ['format', 'f', 'ext'],
    syntax: 'name',
    most: 1,
    apply(draft, [format = ''], use) {
      draft.format = readFormat(use, format);
    },
  },
  {
    names: ['skip_processing', 'skp'],
    syntax: 'format:format…',
    most: Number.POSITIVE_INFINITY,
    apply(draft, args, use) {
      draft.skipProcessing = [...draft.skipProcessing, ...args.map((name) => readFormat(use, name))];
    },
  },
];
