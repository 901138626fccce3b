import type { Size } from '../../core/geometry.ts';

/** How a picture becomes a thumbnail: scaled to one size, then cut to a box that may be larger. */
interface ThumbnailSizes {
  readonly scaled: Size;
  readonly box: Size;
}

/**
 * The arithmetic of daddye/vips: a free side follows from the other one by two divisions, whose rounding counts; a picture
 * smaller than the box on both sides stays as it is, one smaller on one side alone may grow.
 */
export function thumbnailSizes(source: Size, asked: Size, cover: boolean): ThumbnailSizes {
  const box = wholeBox(source, asked);
  const staysSmall = source.width < box.width && source.height < box.height;
  if (staysSmall) return { scaled: source, box: source };
  // Of a box that follows from one side both sides are the answer.
  if (asked.width === 0 || asked.height === 0) return { scaled: box, box };
  return { scaled: proportional(source, box, cover), box };
}

/** The box with its free side filled in. */
function wholeBox(source: Size, { width, height }: Size): Size {
  if (width === 0 && height === 0) return source;
  if (height === 0) return { width, height: floored(source.height / (source.width / width)) };
  if (width === 0) return { width: floored(source.width / (source.height / height)), height };
  return { width, height };
}

/** One side is that of the box, the other one is as long as the shape of the picture wants it. */
function proportional(source: Size, box: Size, cover: boolean): Size {
  const isWider = source.width * box.height > source.height * box.width;
  return isWider === cover
    ? { width: floored((source.width * box.height) / source.height), height: box.height }
    : { width: box.width, height: floored((source.height * box.width) / source.width) };
}

const floored = (length: number): number => Math.max(1, Math.floor(length));
