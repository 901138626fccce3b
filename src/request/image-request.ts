import type { EncoderOptions } from '../core/format.ts';
import type { Colour } from '../core/geometry.ts';
import type { InputFormats } from '../core/image-info.ts';
import type { Operation } from '../operations/index.gen.ts';

/**
 * Which picture: plain, frozen, serialisable, hashed. Nothing here says how it is delivered or why it is allowed.
 * Built by a dialect; everything after the dialect knows no URL grammar.
 */
export interface ImageRequest {
  /** Where the original is: `https://…`, `local:///…`. */
  readonly source: string;
  /** In this order; order is meaning. */
  readonly operations: readonly Operation[];
  readonly output: OutputSpec;
  /**
   * Whoever names another edition wants the source asked anew: editions share neither variants nor copies of the original.
   */
  readonly edition?: string;
  /** Bounds for this picture in place of the server's own: those of its mount, and of URLs that their mount lets say so. */
  readonly limits?: RequestLimits;
}

/** Bounds on what is read. 0 switches a bound off, absent leaves the server's. See `ImageLimits` for the meanings. */
export interface SourceLimits {
  readonly maxPixels?: number;
  readonly maxSide?: number;
  /** Bytes as they are fetched or uploaded. */
  readonly maxSourceBytes?: number;
}

/** Bounds on what is made of it, likewise. */
export interface ResultLimits {
  readonly maxFrames?: number;
  readonly maxFramePixels?: number;
  readonly maxResultPixels?: number;
}

/** The bounds of one mount. */
export interface MountLimits extends SourceLimits, ResultLimits {}

/** The bounds of one picture. */
export interface RequestLimits extends MountLimits {
  /** Absent: the server's. */
  readonly inputs?: InputFormats;
  /** Of further pictures that the URL names (watermarks); absent: the server's. */
  readonly marks?: SourceLimits;
}

export interface OutputSpec {
  readonly format: FormatChoice;
  /** 1..100 for whatever format results; wins over `formatQuality`. */
  readonly quality?: number;
  /** Quality by format name; absent formats use their own default. */
  readonly formatQuality?: Readonly<Record<string, number>>;
  /** Encoder knobs by format name. */
  readonly encoder?: Readonly<Record<string, EncoderOptions>>;
  /** Frames kept of an animation; 1 gives a still, absent: as many as the limits allow. */
  readonly frames?: number;
  /** Drop EXIF, XMP and IPTC (default), or keep them. */
  readonly metadata?: 'strip' | 'keep';
  /** While stripping, keep the EXIF copyright and artist (default true). */
  readonly copyright?: boolean;
  /** `srgb` (default): convert to sRGB and drop the profile. `keep`: leave colours and profile as they are. */
  readonly profile?: 'srgb' | 'keep';
  /** Keep 16 bits per channel where the output can hold them. Default false. */
  readonly highDepth?: boolean;
  /** Shown through transparent parts when the output holds no alpha. Default white. */
  readonly matte?: Colour;
  /** Lower the quality until the result has at most this many bytes (formats with a quality; best effort). */
  readonly maxBytes?: number;
  /**
   * Formats whose originals are handed over as they came, limits checked, when the request names no other format.
   * `svg` is sanitised on the way unless `svgScripts` says otherwise. An `exact` of `svg` implies it for SVG originals.
   */
  readonly untouched?: readonly string[];
  /** Scripts, event handlers and foreign references of an SVG that is handed over: `remove` (default) or `keep`. */
  readonly svgScripts?: 'remove' | 'keep';
  /** Work from the thumbnail inside HEIC and AVIF originals where there is one. Default false. */
  readonly thumbnail?: boolean;
}

/**
 * How the output format is chosen; resolved by the plan when the source is known. Rules, first match:
 * 1. `negotiated` in order, skipping formats that cannot hold the animation;
 * 2. `exact`;
 * 3. the source's own format, when it is in `preferred`;
 * 4. the first of `preferred` that holds the animation and the transparency there is;
 * 5. the first of `preferred`.
 */
export interface FormatChoice {
  readonly negotiated?: readonly string[];
  readonly exact?: string;
  readonly preferred?: readonly string[];
}
