/** Pixels in memory: 8 bits per channel, rows from the top without padding, frames one below the other. */
export interface RawPixels {
  readonly data: Buffer;
  readonly width: number;
  readonly height: number;
  /** 1 grey, 2 grey and alpha, 3 sRGB, 4 sRGB and alpha (not premultiplied). */
  readonly channels: 1 | 2 | 3 | 4;
}
