import { PictorError } from '../../../core/errors.ts';
import type { Size } from '../../../core/geometry.ts';
import { askThread } from '../../ask-thread.ts';
import type { RawPixels } from '../../job/pixels.ts';

/** What the thread is asked: all bytes of the file, and the size its header promised. */
export interface HeifQuestion extends Size {
  readonly bytes: Uint8Array;
}

export interface HeifAnswer {
  readonly data: Uint8Array<ArrayBuffer>;
  readonly channels: 3 | 4;
}

/**
 * Decodes the primary picture of a HEIC with libheif (WebAssembly; sharp's own build leaves HEVC out) to 8 bits per
 * channel, upright. The profile is not applied. Nothing is loaded before the first HEIC comes.
 * @param size of the header, checked against the limits
 * @throws PictorError IMAGE_BROKEN
 */
export async function decodeHeif(bytes: Uint8Array, { width, height }: Size): Promise<RawPixels> {
  const question: HeifQuestion = { bytes, width, height };
  const answer = await askThread<HeifAnswer>('heif-thread', question);
  if ('error' in answer) throw new PictorError('IMAGE_BROKEN', { detail: `heif: ${answer.error}` });
  const { buffer, byteOffset, byteLength } = answer.data;
  return { width, height, data: Buffer.from(buffer, byteOffset, byteLength), channels: answer.channels };
}
