import { PictorError } from '../../core/errors.ts';
import type { InputFormats } from '../../core/image-info.ts';
import type { Operation } from '../../operations/index.gen.ts';
import { freezeRequest } from '../../request/canonical.ts';
import type { ImageRequest, OutputSpec } from '../../request/image-request.ts';
import { originalUri, type Recipe } from '../../request/storage.ts';
import { keyOf, type OriginalName } from './keys.ts';
import { type CropName, type FileName, formatOf, type SizeName } from './names.ts';
import type { ImageServerSettings } from './settings.ts';

/** The bucket has no name: there is one for all namespaces. */
export const bucket = '';

export const originalKey = (name: OriginalName): string => keyOf(name, 'original');

/** What a name asks for: numbers as they were written, checked; null where it names no variant that is made. */
interface Variant {
  readonly operations: readonly Operation[];
  readonly format: string;
  /** As written. */
  readonly extension: string;
  readonly quality: number;
}

/**
 * How a file is made of its original; null where its name names no picture.
 * @throws PictorError OPTION_INVALID with a reason for the client: a side or a quality out of bounds, a crop that is none
 */
export function recipeFor(
  name: OriginalName,
  file: { readonly text: string; readonly parsed: FileName },
  settings: ImageServerSettings,
): Recipe | null {
  const variant = variantOf(file.parsed, settings);
  if (variant === null) return null;
  const { format, quality, operations } = variant;
  const image: ImageRequest = {
    source: originalUri(bucket, originalKey(name)),
    operations: [{ op: 'auto-orient' }, ...operations, { op: 'background', colour: white }],
    output: outputOf(format, quality),
    limits: { inputs: { ...inputs, ...(settings.variantsOfSvg ? {} : { never: ['svg'] }) } },
  };
  return {
    originals: [originalKey(name)],
    image: freezeRequest(image),
    keep: { key: keyOf(name, file.text) },
    label: { filename: file.text, format: variant.extension, quality },
  };
}

/** Of documents the first page is shown. */
export const inputs: InputFormats = { also: ['pdf'] };

const white = { r: 255, g: 255, b: 255 };

function variantOf(parsed: FileName, settings: ImageServerSettings): Variant | null {
  if (parsed.kind === 'original' || parsed.kind === 'info') return null;
  const format = formatOf(parsed.extension);
  if (parsed.kind === 'custom') {
    if (format === null || (parsed.stem !== 'original' && !settings.customNames)) return null;
    return { operations: [], format, extension: parsed.extension, quality: settings.defaultQuality };
  }
  const operations = parsed.kind === 'size' ? sizing(parsed, settings) : cropping(parsed, settings);
  if (parsed.quality > 100) throw invalid('quality must be between 1 and 100');
  const quality = parsed.quality || settings.defaultQuality;
  return format === null ? null : { operations, format, extension: parsed.extension, quality };
}

const invalid = (reason: string): PictorError =>
  new PictorError('OPTION_INVALID', { reason, detail: reason });

function sizing({ width, height }: SizeName, { maxSide }: ImageServerSettings): readonly Operation[] {
  if (width > maxSide || height > maxSide) throw invalid(`width and height must not be above ${maxSide}`);
  if (width === 0) return [];
  return [{ op: 'cover', width, ...(height === 0 ? {} : { height }) }];
}

function cropping({ box, width }: CropName, { maxSide }: ImageServerSettings): readonly Operation[] {
  if (box === null) throw invalid('invalid crop');
  if (width > maxSide) throw invalid(`width must not be above ${maxSide}`);
  const scale: readonly Operation[] = width === 0 ? [] : [{ op: 'cover', width, shrinkOnly: true }];
  return [{ op: 'crop', corners: box }, ...scale];
}

/** Formats that have a quality. */
const withQuality: ReadonlySet<string> = new Set(['jpeg', 'webp', 'heic']);

const encoders: Readonly<Record<string, Readonly<Record<string, boolean | number>>>> = {
  jpeg: { progressive: true },
  webp: { effort: 4 },
  gif: { effort: 7 },
};

function outputOf(format: string, quality: number): OutputSpec {
  const encoder = encoders[format];
  return {
    format: { exact: format },
    ...(withQuality.has(format) ? { quality } : {}),
    ...(encoder === undefined ? {} : { encoder: { [format]: encoder } }),
    frames: 1,
    copyright: false,
  };
}
