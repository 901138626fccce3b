import type { Colour } from '../../core/geometry.ts';
import { centred, type UrlGravity } from './gravity.ts';

export const resizingTypes = ['fit', 'fill', 'fill-down', 'force', 'auto'] as const;
export type ResizingType = (typeof resizingTypes)[number];

/** Top, right, bottom, left. */
export type Padding = readonly [top: number, right: number, bottom: number, left: number];

/** What the options of one URL have said so far. Written to in their order: later ones win. */
export interface Draft {
  resizingType: ResizingType;
  /** Pixels; 0: follows from the other side. */
  width: number;
  height: number;
  minWidth: number;
  minHeight: number;
  zoomX: number;
  zoomY: number;
  dpr: number;
  enlarge: boolean;
  extend: boolean;
  extendGravity: UrlGravity;
  extendRatio: boolean;
  extendRatioGravity: UrlGravity;
  gravity: UrlGravity;

  /** From 1 on pixels, below a share, 0: all. */
  cropWidth: number;
  cropHeight: number;
  /** Null: as `gravity` says. */
  cropGravity: UrlGravity | null;
  /** Null: nothing is trimmed. */
  trimThreshold: number | null;
  /** Null: the colour of the first pixel. */
  trimColour: Colour | null;
  trimEqualHorizontal: boolean;
  trimEqualVertical: boolean;

  rotate: 0 | 90 | 180 | 270;
  flipHorizontal: boolean;
  flipVertical: boolean;
  blur: number;
  sharpen: number;
  pixelate: number;
  padding: Padding;
  background: Colour | null;
  /** 0: none. */
  watermarkOpacity: number;
  watermarkGravity: UrlGravity;
  /** 0: natural size. */
  watermarkScale: number;

  /** 0: not said. */
  quality: number;
  /** By pictor's names; only what URL and presets say. */
  formatQuality: Readonly<Record<string, number>>;
  /** 0: no bound. */
  maxBytes: number;
  format: string | undefined;
  /** Formats handed over as they are, besides those of the settings. */
  skipProcessing: readonly string[];

  /** Undefined here and below: as the settings say. */
  autoRotate: boolean | undefined;
  stripMetadata: boolean | undefined;
  keepCopyright: boolean | undefined;
  stripColorProfile: boolean | undefined;
  preserveHdr: boolean | undefined;
  enforceThumbnail: boolean | undefined;

  raw: boolean;
  /** Empty: none. */
  edition: string;
  expiresAt: number | undefined;
  filename: string | undefined;
  returnAttachment: boolean | undefined;

  /** Pixels; 0: no bound. */
  maxSrcPixels: number | undefined;
  maxSrcFileSize: number | undefined;
  maxAnimationFrames: number | undefined;
  maxAnimationFramePixels: number | undefined;
  maxResultDimension: number | undefined;
}

export const emptyDraft = (): Draft => ({
  resizingType: 'fit',
  width: 0,
  height: 0,
  minWidth: 0,
  minHeight: 0,
  zoomX: 1,
  zoomY: 1,
  dpr: 1,
  enlarge: false,
  extend: false,
  extendGravity: centred,
  extendRatio: false,
  extendRatioGravity: centred,
  gravity: centred,
  cropWidth: 0,
  cropHeight: 0,
  cropGravity: null,
  trimThreshold: null,
  trimColour: null,
  trimEqualHorizontal: false,
  trimEqualVertical: false,
  rotate: 0,
  flipHorizontal: false,
  flipVertical: false,
  blur: 0,
  sharpen: 0,
  pixelate: 0,
  padding: [0, 0, 0, 0],
  background: null,
  watermarkOpacity: 0,
  watermarkGravity: centred,
  watermarkScale: 0,
  quality: 0,
  formatQuality: {},
  maxBytes: 0,
  format: undefined,
  skipProcessing: [],
  autoRotate: undefined,
  stripMetadata: undefined,
  keepCopyright: undefined,
  stripColorProfile: undefined,
  preserveHdr: undefined,
  enforceThumbnail: undefined,
  raw: false,
  edition: '',
  expiresAt: undefined,
  filename: undefined,
  returnAttachment: undefined,
  maxSrcPixels: undefined,
  maxSrcFileSize: undefined,
  maxAnimationFrames: undefined,
  maxAnimationFramePixels: undefined,
  maxResultDimension: undefined,
});
