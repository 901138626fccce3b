// Generated from the files of this folder by `npm run gen`.

import type { StepName, StepRenderer } from '../core/operation.ts';
import { autoOrient, type AutoOrientOperation } from './auto-orient.ts';
import { background, type BackgroundOperation } from './background.ts';
import { blur, type BlurOperation } from './blur.ts';
import { cover, type CoverOperation } from './cover.ts';
import { crop, type CropOperation } from './crop.ts';
import { extend, type ExtendOperation } from './extend.ts';
import { flip, type FlipOperation } from './flip.ts';
import { narrow, type NarrowOperation } from './narrow.ts';
import { padding, type PaddingOperation } from './padding.ts';
import { pixelate, type PixelateOperation } from './pixelate.ts';
import { reframe, type ReframeOperation } from './reframe.ts';
import { resize, type ResizeOperation } from './resize.ts';
import { rotate, type RotateOperation } from './rotate.ts';
import { sharpen, type SharpenOperation } from './sharpen.ts';
import { thumbnail, type ThumbnailOperation } from './thumbnail.ts';
import { trim, type TrimOperation } from './trim.ts';
import { watermark, type WatermarkOperation } from './watermark.ts';

/** Every operation by name. */
export const operations = {
  'auto-orient': autoOrient,
  background,
  blur,
  cover,
  crop,
  extend,
  flip,
  narrow,
  padding,
  pixelate,
  reframe,
  resize,
  rotate,
  sharpen,
  thumbnail,
  trim,
  watermark,
} as const;

/** What a request can ask for. */
export type Operation =
  | AutoOrientOperation
  | BackgroundOperation
  | BlurOperation
  | CoverOperation
  | CropOperation
  | ExtendOperation
  | FlipOperation
  | NarrowOperation
  | PaddingOperation
  | PixelateOperation
  | ReframeOperation
  | ResizeOperation
  | RotateOperation
  | SharpenOperation
  | ThumbnailOperation
  | TrimOperation
  | WatermarkOperation;

/** Who renders which step. */
export const renderers: { readonly [N in StepName]: StepRenderer<N> } = {
  blur: blur.renders.blur,
  embed: extend.renders.embed,
  extract: crop.renders.extract,
  flatten: background.renders.flatten,
  orient: autoOrient.renders.orient,
  pixelate: pixelate.renders.pixelate,
  scale: resize.renders.scale,
  sharpen: sharpen.renders.sharpen,
  'smart-crop': crop.renders['smart-crop'],
  watermark: watermark.renders.watermark,
};
