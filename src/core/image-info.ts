import type { Orientation } from './geometry.ts';

/** What the header of an image says, before any pixel is decoded. */
export interface ImageInfo {
  /** Name of a format in `formats/`. */
  readonly format: string;
  /** Stored size of one frame, before EXIF orientation. */
  readonly width: number;
  readonly height: number;
  readonly orientation: Orientation;
  /** Frames or pages; 1 for a still. */
  readonly frames: number;
  /** True when the frames are an animation (GIF, WebP), false for pages (TIFF). */
  readonly animated: boolean;
  readonly hasAlpha: boolean;
  /** Colour model of the pixels: 'srgb', 'b-w', 'cmyk', 'rgb16', 'grey16', 'lab' … as libvips names it. */
  readonly space: string;
  /** Bits per channel: 1, 2, 4, 8, 16 or 32. */
  readonly bits: number;
  readonly hasProfile: boolean;
  /** True when the source stores a palette of at most 256 colours. */
  readonly palette: boolean;
  /** True when the picture is drawn at any size without loss (SVG). */
  readonly vector: boolean;
  /** Milliseconds each frame is shown, and how often the animation repeats (0: for ever). */
  readonly delays?: readonly number[];
  readonly loop?: number;
  /** Size of the encoded bytes. */
  readonly bytes: number;
}

/** Bounds that are checked against the header, before decoding. 0 switches a bound off. */
export interface ImageLimits {
  /** Width × height of one frame, in pixels. */
  readonly maxPixels: number;
  /** Either side, in pixels. */
  readonly maxSide: number;
  /** Frames that are decoded; further ones are left out. 1: animations become stills. */
  readonly maxFrames: number;
  /** Width × height × decoded frames, in pixels. */
  readonly maxFramePixels: number;
  /** Width × height of the result, in pixels: bounds what a URL can ask for. */
  readonly maxResultPixels: number;
  /** Absent: the formats that every mount reads. */
  readonly inputs?: InputFormats;
}

/** Which formats originals may have, by name. */
export interface InputFormats {
  /** Read besides the usual ones: those that are only read where somebody asks for it (`FormatDefinition.read.named`). */
  readonly also?: readonly string[];
  /** Refused. */
  readonly never?: readonly string[];
}
