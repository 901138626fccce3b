import type { ImageInfo } from '../../src/core/image-info.ts';

/** Facts of an upright opaque sRGB PNG, 200×100 unless said otherwise. */
export const plainInfo = (facts: Partial<ImageInfo> = {}): ImageInfo => ({
  format: 'png',
  width: 200,
  height: 100,
  orientation: 1,
  frames: 1,
  animated: false,
  hasAlpha: false,
  space: 'srgb',
  bits: 8,
  hasProfile: false,
  palette: false,
  vector: false,
  bytes: 1000,
  ...facts,
});
