import { PictorError } from '../../core/errors.ts';
import { badArgument, largestSide, readDecimal, readInteger } from './arguments.ts';
import type { Draft } from './v4-draft.ts';
import type { OptionUse, UrlOption } from './v4-option.ts';

type LimitField =
  | 'maxSrcPixels'
  | 'maxSrcFileSize'
  | 'maxAnimationFrames'
  | 'maxAnimationFramePixels'
  | 'maxResultDimension';

interface LimitOption {
  readonly names: readonly string[];
  readonly syntax: string;
  readonly field: LimitField;
  readonly read: (use: OptionUse, text: string) => Draft[LimitField];
}

/** An option that may loosen what protects the server: only for URLs of a mount that says so. */
const limitOption = ({ names, syntax, field, read }: LimitOption): UrlOption => ({
  names,
  syntax,
  most: 1,
  apply(draft, [text = ''], use) {
    if (!use.reading.allowSecurityOptions)
      throw new PictorError('OPTION_FORBIDDEN', {
        detail: `imgproxy option ${use.name}: only with allowSecurityOptions`,
      });
    draft[field] = read(use, text);
  },
});

const mostPixels = 2 ** 50;

/** Megapixels as pixels. However few are asked for, it is not none: 0 switches a bound off. */
function readMegapixels({ name }: OptionUse, text: string): number {
  const value = readDecimal(text);
  if (value === null || value < 0) throw badArgument(name, text);
  return value === 0 ? 0 : Math.min(Math.max(1, Math.round(value * 1e6)), mostPixels);
}

/** A whole number; what is not positive switches the bound off. */
function readBound({ name }: OptionUse, text: string): number {
  const value = readInteger(text);
  if (value === null) throw badArgument(name, text);
  return Math.max(0, value);
}

function readFrames({ name }: OptionUse, text: string): number {
  const value = readInteger(text);
  if (value === null || value <= 0) throw badArgument(name, text);
  return value;
}

/** Bounds for this picture in place of the configured ones. */
export const limitOptions: readonly UrlOption[] = [
  limitOption({
    names: ['max_src_resolution', 'msr'],
    syntax: 'megapixels',
    field: 'maxSrcPixels',
    read: readMegapixels,
  }),
  limitOption({
    names: ['max_src_file_size', 'msfs'],
    syntax: 'bytes',
    field: 'maxSrcFileSize',
    read: readBound,
  }),
  limitOption({
    names: ['max_animation_frames', 'maf'],
    syntax: 'frames',
    field: 'maxAnimationFrames',
    read: readFrames,
  }),
  limitOption({
    names: ['max_animation_frame_resolution', 'mafr'],
    syntax: 'megapixels',
    field: 'maxAnimationFramePixels',
    read: readMegapixels,
  }),
  limitOption({
    names: ['max_result_dimension', 'mrd'],
    syntax: 'pixels',
    field: 'maxResultDimension',
    read: (use, text) => Math.min(readBound(use, text), largestSide),
  }),
];
