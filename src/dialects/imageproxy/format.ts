import { PictorError } from '../../core/errors.ts';
import type { Operation } from '../../operations/index.gen.ts';
import { canonicalText, readsAs } from '../../request/canonical.ts';
import type { ImageRequest } from '../../request/image-request.ts';
import { type FormatWord, formatWords, noOptions, optionsText, type UrlOptions } from './options.ts';

/**
 * The path (and query) that asks for a picture. Options are put down as well as they can be; what reads back as the same
 * picture is the answer.
 * @param read reads a path back; @throws PictorError
 * @throws PictorError OPTION_INVALID when the grammar cannot say it under these settings
 */
export function formatRequest(image: ImageRequest, read: (path: string) => ImageRequest): string {
  const wanted = canonicalText(image);
  const options = optionsText(optionsFor(image));
  for (const remote of [image.source, encodeURIComponent(image.source.toWellFormed())]) {
    const path = `/${options}/${remote}`;
    if (readsAs(path, read) === wanted) return path;
  }
  throw new PictorError('OPTION_INVALID', { detail: 'imageproxy URLs cannot say this' });
}

type OperationOf<Name extends Operation['op']> = Extract<Operation, { op: Name }>;

function optionsFor({ operations, output }: ImageRequest): UrlOptions {
  const find = <Name extends Operation['op']>(name: Name): OperationOf<Name> | undefined =>
    operations.find((each): each is OperationOf<Name> => each.op === name);
  const { width = 0, height = 0, fit = false, crop = {}, smart = false } = find('reframe') ?? {};
  const { horizontal = false, vertical = false } = find('flip') ?? {};
  const turn = find('rotate')?.angle ?? 0;
  const options: UrlOptions = {
    ...noOptions,
    width,
    height,
    fit,
    cropX: crop.x ?? 0,
    cropY: crop.y ?? 0,
    cropWidth: crop.width ?? 0,
    cropHeight: crop.height ?? 0,
    smartCrop: smart,
    rotate: (360 - turn) % 360,
    flipHorizontal: horizontal,
    flipVertical: vertical,
    trim: find('trim') !== undefined,
    format: formatWords.find((each): each is FormatWord => each === output.format.exact) ?? '',
  };
  return { ...options, quality: qualityFor(options, operations.length > 0, output) };
}

/** A quality is said where it is not the usual one, and where nothing else says that the picture is made anew. */
function qualityFor(
  options: UrlOptions,
  isMade: boolean,
  { formatQuality = {} }: ImageRequest['output'],
): number {
  const { jpeg = 0 } = formatQuality;
  const saysNothing = optionsText(options) === optionsText(noOptions);
  return jpeg === 95 && !(isMade && saysNothing) ? 0 : jpeg;
}
