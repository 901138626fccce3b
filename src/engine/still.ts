import type { ImageInfo } from '../core/image-info.ts';

/**
 * What there is to know of a picture that a reader of ours hands over: one frame, upright, in sRGB with 8 bits, however
 * it is stored.
 */
export const stillInfo = (
  facts: Pick<ImageInfo, 'format' | 'width' | 'height' | 'hasAlpha' | 'palette' | 'bytes'>,
): ImageInfo => ({
  ...facts,
  orientation: 1,
  frames: 1,
  animated: false,
  space: 'srgb',
  bits: 8,
  hasProfile: false,
  vector: false,
});
