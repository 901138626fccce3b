import type { Sharp } from 'sharp';
import type { ZodType } from 'zod';

/** Encoder knobs of one format, plain JSON: `{ effort: 2, progressive: true }`. Each format documents its own. */
export type EncoderOptions = Readonly<Record<string, string | number | boolean>>;

export interface EncodeSpec {
  readonly format: string;
  /** 1..100; absent where the format has none or its default is meant. */
  readonly quality?: number;
  readonly options: EncoderOptions;
  /** Frames of the result; above 1 only for formats with `animation`. */
  readonly frames: number;
  readonly delays?: readonly number[];
  readonly loop?: number;
  /** Result width × height in pixels of one frame: encoders choose effort by it. */
  readonly pixels: number;
}

/** What a codec needs that not every server has: an optional package, or a program that a setting of `engine` names. */
export type CodecNeed = { readonly package: string } | { readonly program: 'heifEncoder' };

/**
 * One image format: one file in `formats/`: what it is called, what it can hold, how it is written.
 */
export interface FormatDefinition {
  readonly name: string;
  /** First is the one we send. */
  readonly mediaTypes: readonly string[];
  /** Without dot; first is the one we write. */
  readonly extensions: readonly string[];
  /** Extensions (`ext`) by which the `file-type` library reports these bytes; empty for SVG, which it does not know. */
  readonly detectedAs: readonly string[];
  /**
   * How the engine reads it: sharp itself (then the libvips loader operation is allowed), or the codec of this name in
   * `engine/codecs`.
   */
  readonly read:
    | { readonly by: 'libvips'; readonly loaders: readonly string[] }
    | {
        readonly by: 'codec';
        readonly needs?: CodecNeed;
        /** True: only where it is named (`InputFormats.also`), for its decoder is much to let loose on what strangers send. */
        readonly named?: true;
      }
    | null;
  readonly holds: {
    readonly alpha: boolean;
    readonly animation: boolean;
    readonly profile: boolean;
    readonly highDepth: boolean;
  };
  /**
   * Where copyright and artist stand; absent: in EXIF. `tags`: in tags of the file itself (TIFF 6.0 section 8), and as libvips
   * writes neither these nor EXIF there, in XMP of what is written.
   */
  readonly ownership?: 'tags';
  /** Largest side the format can express, in pixels. */
  readonly maxSide: number;
  /** Largest width × height of a frame, in pixels, where that is bounded too. */
  readonly maxPixels?: number;
  /** Smallest side it can express, in pixels; a smaller result is written as PNG, or as JPEG where nothing is transparent. */
  readonly minSide?: number;
  /** Present when we can write it. */
  readonly write?: {
    readonly usesQuality: boolean;
    readonly quality: number;
    readonly defaults: EncoderOptions;
    /** Encoder knobs it takes. Built when first asked for. */
    options(): ZodType<EncoderOptions>;
    /** Added to the defaults where more than 8 bits per channel are kept. */
    readonly deep?: EncoderOptions;
    /**
     * CPU milliseconds the encoder takes per megapixel, measured on one core of a server of 2024 with photos. Absent: so few
     * that nobody has to ask.
     */
    msPerMegapixel?(spec: EncodeSpec): number;
    /** Options for the same picture in fewer bytes where time does not matter. Absent: there are none worth the time. */
    readonly thorough?: EncoderOptions;
  } & (
    | { readonly by: 'libvips'; encode(chain: Sharp, spec: EncodeSpec): Sharp }
    /** The codec of this name in `engine/codecs`. */
    | { readonly by: 'codec'; readonly needs?: CodecNeed }
  );
}
