import type { FormatName } from '../../formats/index.gen.ts';
import type { Operation } from '../../operations/index.gen.ts';
import type { ImageRequest, OutputSpec } from '../../request/image-request.ts';
import { isTransformed, type UrlOptions } from './options.ts';
import type { ImageproxyRules } from './rules.ts';

/** Longer sides and offsets are read as this many pixels: no picture that may be made comes near it. */
const largestSide = 1_000_000;

const usualQuality = 95;

/** Every format pictor knows. */
const allFormats: readonly FormatName[] = [
  'avif',
  'bmp',
  'gif',
  'heic',
  'ico',
  'jpeg',
  'jxl',
  'png',
  'svg',
  'tiff',
  'webp',
];

/** What is written where no format is named: the source's own, else the first of these that can hold the picture. */
const preferredFormats: readonly string[] = ['jpeg', 'png', 'gif', 'bmp'];

const black = { r: 0, g: 0, b: 0 };

/**
 * The picture that options and a URL come to. What cannot change it is left out, so that one picture has one key; with
 * options that ask for nothing, the original goes through as it came.
 */
export function pictureOf(source: string, options: UrlOptions, rules: ImageproxyRules): ImageRequest {
  if (!isTransformed(options)) {
    return { source, operations: [], output: { format: {}, untouched: allFormats } };
  }
  return { source, operations: operationsOf(options, rules), output: outputOf(options) };
}

/** In the order of the original: upright, trimmed, cut and scaled, turned, mirrored. */
function operationsOf(options: UrlOptions, { scaleUp }: ImageproxyRules): readonly Operation[] {
  const { trim, flipHorizontal, flipVertical } = options;
  const operations: Operation[] = [{ op: 'auto-orient' }];
  if (trim) operations.push({ op: 'trim', threshold: 0, exact: true, spareThin: true });
  const reframe = reframeOf(options, scaleUp);
  if (reframe !== null) operations.push(reframe);
  const angle = clockwise(options.rotate);
  if (angle !== 0) operations.push({ op: 'rotate', angle });
  if (flipHorizontal || flipVertical) {
    operations.push({
      op: 'flip',
      ...(flipHorizontal ? { horizontal: true } : {}),
      ...(flipVertical ? { vertical: true } : {}),
    });
  }
  return operations;
}

type Reframe = Extract<Operation, { op: 'reframe' }>;

function reframeOf(options: UrlOptions, enlarge: boolean): Reframe | null {
  const width = side(options.width);
  const height = side(options.height);
  const sized = width > 0 || height > 0;
  const crop = {
    ...field('x', offset(options.cropX)),
    ...field('y', offset(options.cropY)),
    ...field('width', side(options.cropWidth)),
    ...field('height', side(options.cropHeight)),
  };
  const cuts = Object.keys(crop).length > 0;
  if (!sized && !cuts) return null;
  return {
    op: 'reframe',
    ...field('width', width),
    ...field('height', height),
    ...(options.fit && width > 0 && height > 0 ? { fit: true } : {}),
    ...(enlarge && sized ? { enlarge: true } : {}),
    ...(cuts ? { crop } : {}),
    ...(options.smartCrop && sized ? { smart: true } : {}),
  };
}

const field = <Name extends string>(name: Name, value: number): { [key in Name]?: number } =>
  value === 0 ? {} : ({ [name]: value } as { [key in Name]: number });

/** Pixels are whole, rounded down; shares stay; negative is nothing. */
const side = (value: number): number => Math.max(0, offset(value));

const offset = (value: number): number =>
  Math.abs(value) < 1 ? value : Math.max(-largestSide, Math.min(Math.trunc(value), largestSide));

/** URLs count degrees against the clock. What is no quarter turn does nothing. */
function clockwise(degrees: number): 0 | 90 | 180 | 270 {
  const turned = (360 - (((degrees % 360) + 360) % 360)) % 360;
  return turned === 90 || turned === 180 || turned === 270 ? turned : 0;
}

const jpegEncoder = { jpeg: { chromaSubsampling: '4:2:0' } };

/** As many frames as the source has: frames that come out alike (a still corner cut out, a pause) are not joined. */
const gifEncoder = { gif: { keepDuplicateFrames: true } };

function outputOf({ format, quality }: UrlOptions): OutputSpec {
  const asked = quality === 0 ? usualQuality : Math.max(1, Math.min(quality, 100));
  return {
    format: format === '' ? { preferred: preferredFormats } : { exact: format },
    ...(format === '' || format === 'jpeg' ? { formatQuality: { jpeg: asked }, matte: black } : {}),
    ...(format === '' ? { encoder: { ...jpegEncoder, ...gifEncoder }, untouched: ['svg'] } : {}),
    ...(format === 'jpeg' ? { encoder: jpegEncoder } : {}),
  };
}
