import type { EncodeSpec } from '../core/format.ts';
import type { JobInput } from './job/input.ts';
import type { RawPixels } from './job/pixels.ts';
import type { Original } from './job/probe.ts';

/**
 * Reads and writes a format that sharp does not. One file in `codecs/`, called like its format; which half it must have
 * is said by `read` and `write` of the format.
 */
export interface Codec {
  readonly name: string;
  readonly decoder?: Decoder;
  readonly encoder?: Encoder;
}

export interface Decoder {
  /**
   * The header: what it says, and what raw pixels have no place for. Nothing is allocated by what it says. Absent: libvips
   * reads the header.
   * @throws PictorError IMAGE_BROKEN
   */
  probe?(input: JobInput): Original | Promise<Original>;
  /**
   * The pixels, once the header has been checked against the limits: exactly as many as it promised.
   * @throws PictorError IMAGE_BROKEN
   */
  decode(original: Original): RawPixels | Promise<RawPixels>;
}

/** What the picture is handed over as. @throws PictorError from `encode` */
export type Encoder =
  /** sRGB, 8 bits, with alpha only where there is some (`pixels`) or always (`rgba`). */
  | {
      readonly takes: 'pixels' | 'rgba';
      encode(pixels: RawPixels, spec: EncodeSpec, tools: EncoderTools): Promise<Uint8Array>;
    }
  /** A PNG, which carries the profile and the metadata that are kept; `compressionLevel` is zlib's. */
  | {
      readonly takes: 'png';
      readonly compressionLevel: number;
      encode(png: EncodedPng, spec: EncodeSpec, tools: EncoderTools): Promise<Uint8Array>;
    };

export interface EncodedPng {
  readonly bytes: Uint8Array;
  readonly width: number;
  readonly height: number;
}

/** What encoders outside this process need. Plain: it travels to the workers. */
export interface EncoderTools {
  /** Program that writes HEIC; empty: there is none. */
  readonly heifEncoder: string;
  /** Folder for temporary files; made when it is needed. */
  readonly scratch: string;
  /** Bounds of one program; 0: none. */
  readonly timeoutSeconds: number;
  /** Resident bytes. */
  readonly memoryLimit: number;
}

/** For jobs that need no program. */
export const noTools: EncoderTools = { heifEncoder: '', scratch: '', timeoutSeconds: 0, memoryLimit: 0 };
