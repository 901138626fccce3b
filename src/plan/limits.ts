import { PictorError } from '../core/errors.ts';
import type { Size } from '../core/geometry.ts';
import type { ImageInfo, ImageLimits } from '../core/image-info.ts';
import type { ImageRequest, SourceLimits } from '../request/image-request.ts';
import { markLimitsOf } from '../request/mount-limits.ts';

/** The server's bounds, replaced by those that the request brings. */
export function limitsOf({ limits = {} }: ImageRequest, own: ImageLimits): ImageLimits {
  const { maxSourceBytes: _bytes, marks: _marks, ...bounds } = limits;
  return { ...own, ...bounds };
}

/**
 * Refuses a further picture (a watermark) by its header and its bytes, before it is decoded.
 * @throws PictorError IMAGE_TOO_LARGE, SOURCE_TOO_LARGE
 */
export function checkMark(
  { uri, info, bytes }: { readonly uri: string; readonly info: ImageInfo; readonly bytes: number },
  request: ImageRequest,
  own: ImageLimits,
): void {
  const { maxSourceBytes, ...bounds } = markLimitsOf(uri, request);
  checkSourceBytes(bytes, { limits: maxSourceBytes === undefined ? {} : { maxSourceBytes } });
  checkLimits(info, { ...own, ...bounds });
}

/**
 * Refuses an original with more bytes than the request allows, wherever it comes from.
 * @throws PictorError SOURCE_TOO_LARGE
 */
export function checkSourceBytes(
  bytes: number,
  { limits = {} }: { readonly limits?: Pick<SourceLimits, 'maxSourceBytes'> },
): void {
  const { maxSourceBytes = 0 } = limits;
  if (!exceeds(bytes, maxSourceBytes)) return;
  throw new PictorError('SOURCE_TOO_LARGE', { detail: `${bytes} bytes exceed ${maxSourceBytes}` });
}

/**
 * Refuses a source by its header, before anything is decoded. Vector images pass: they are drawn as small as need be.
 * @throws PictorError IMAGE_TOO_LARGE; IMAGE_UNKNOWN for a format that is not wanted
 */
export function checkLimits(info: ImageInfo, limits: ImageLimits): void {
  if (limits.inputs?.never?.includes(info.format) === true)
    throw new PictorError('IMAGE_UNKNOWN', { detail: `${info.format} is not wanted here` });
  if (info.vector) return;
  const { width, height } = info;
  if (exceeds(Math.max(width, height), limits.maxSide))
    refuse(`a side of ${width}x${height}`, limits.maxSide);
  if (exceeds(width * height, limits.maxPixels)) refuse(`${width}x${height} pixels`, limits.maxPixels);
}

/** Frames to work on: those there are, those wanted and those allowed. Pages of a document count as one. */
export function keptFrames(info: ImageInfo, limits: ImageLimits, wanted: number | undefined): number {
  if (!info.animated) return 1;
  return Math.max(1, Math.min(info.frames, wanted ?? info.frames, limits.maxFrames || info.frames));
}

/**
 * Refuses an animation whose kept frames have too many pixels together.
 * @throws PictorError IMAGE_TOO_LARGE
 */
export function checkFrames({ width, height }: Size, frames: number, limits: ImageLimits): void {
  if (frames === 1 || !exceeds(width * height * frames, limits.maxFramePixels)) return;
  refuse(`${frames} frames of ${width}x${height}`, limits.maxFramePixels);
}

/** The size a vector image is drawn at: its own, or the largest of its shape within the bounds. */
export function drawnSize({ width, height }: Size, limits: ImageLimits): Size {
  const bySide = limits.maxSide === 0 ? 1 : limits.maxSide / Math.max(width, height);
  const byPixels = limits.maxPixels === 0 ? 1 : Math.sqrt(limits.maxPixels / (width * height));
  const factor = Math.min(1, bySide, byPixels);
  return { width: Math.max(1, Math.floor(width * factor)), height: Math.max(1, Math.floor(height * factor)) };
}

/** A step on the way to the result. */
export interface Change {
  readonly before: Size;
  readonly after: Size;
  readonly frames: number;
}

/**
 * Refuses what a URL asks for beyond its source and beyond a bound. Cutting down later does not help: the pixels would
 * have to be made first.
 * @throws PictorError OPERATION_IMPOSSIBLE
 */
export function checkEnlarged({ before, after, frames }: Change, limits: ImageLimits): void {
  const pixels = after.width * after.height;
  if (pixels <= before.width * before.height) return;
  const tooMany = exceeds(pixels, limits.maxResultPixels);
  if (!tooMany && (frames === 1 || !exceeds(pixels * frames, limits.maxFramePixels))) return;
  throw new PictorError('OPERATION_IMPOSSIBLE', {
    detail: `${frames} × ${after.width}x${after.height} exceeds the pixels a result may have`,
  });
}

const exceeds = (value: number, bound: number): boolean => bound > 0 && value > bound;

function refuse(what: string, bound: number): never {
  throw new PictorError('IMAGE_TOO_LARGE', { detail: `${what} exceeds ${bound}` });
}
