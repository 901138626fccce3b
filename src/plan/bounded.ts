import type { ImageInfo, ImageLimits } from '../core/image-info.ts';

/**
 * What a picture owes to bounds that cut down instead of refusing: frames of an animation, the drawing of a vector image.
 * Kept beside it, so that a picture made under other bounds is told from one made under today's.
 */
export interface Bounded {
  /** Frames of the source's animation; absent for vector images. */
  readonly frames?: number;
  /** What the bounds came to. */
  readonly by: string;
}

/** Null where no bound can have changed a pixel: then a picture outlives every change of the bounds. */
export function boundedBy(
  { vector, animated, frames }: Pick<ImageInfo, 'vector' | 'animated' | 'frames'>,
  limits: ImageLimits,
): Bounded | null {
  if (vector) return { by: drawingText(limits) };
  return animated ? { frames, by: framesText(frames, limits) } : null;
}

/** Whether these bounds would make the same picture. */
export function isBoundedAlike({ frames, by }: Bounded, limits: ImageLimits): boolean {
  return by === (frames === undefined ? drawingText(limits) : framesText(frames, limits));
}

/** Everything by which bounds can cut down. Same text and same sources, same pictures. */
export const cuttingText = (limits: ImageLimits): string => `${limits.maxFrames} ${drawingText(limits)}`;

const drawingText = ({ maxSide, maxPixels }: ImageLimits): string => `${maxSide} ${maxPixels}`;

const framesText = (frames: number, { maxFrames }: ImageLimits): string =>
  String(Math.min(frames, maxFrames || frames));
