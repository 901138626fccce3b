import type { Sharp } from 'sharp';
import type { Picture } from './picture.ts';

/** Pixels in memory: 8 bits per channel, rows from the top without padding, frames one below the other. */
export interface RawPixels {
  readonly data: Buffer;
  readonly width: number;
  readonly height: number;
  /** 1 grey, 2 grey and alpha, 3 sRGB, 4 sRGB and alpha (not premultiplied). */
  readonly channels: 1 | 2 | 3 | 4;
}

/** @throws PictorError */
export async function toPixels(chain: Sharp, picture: Pick<Picture, 'fail'>): Promise<RawPixels> {
  const { data, info } = await chain.raw().toBuffer({ resolveWithObject: true }).catch(picture.fail);
  return { data, width: info.width, height: info.height, channels: info.channels };
}

/** Views of the single frames; nothing is copied. */
export function framesOf({ data, width, height, channels }: RawPixels, frames: number): RawPixels[] {
  const frameHeight = height / frames;
  const bytes = width * frameHeight * channels;
  return Array.from({ length: frames }, (_, index) => ({
    data: data.subarray(index * bytes, (index + 1) * bytes),
    width,
    height: frameHeight,
    channels,
  }));
}

/** One below the other. All frames went through the same steps, so they have the same size and channels. */
export function stack(frames: readonly RawPixels[]): RawPixels {
  const [first] = frames;
  const { width, height, channels } = first!;
  return {
    data: frames.length === 1 ? first!.data : Buffer.concat(frames.map(({ data }) => data)),
    width,
    height: height * frames.length,
    channels,
  };
}
