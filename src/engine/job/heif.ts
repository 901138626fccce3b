import { Worker } from 'node:worker_threads';
import { PictorError } from '../../core/errors.ts';
import type { Size } from '../../core/geometry.ts';
import { entryUrl } from '../entry.ts';
import type { RawPixels } from './pixels.ts';

/** What the thread is asked: all bytes of the file, and the size its header promised. */
export interface HeifQuestion extends Size {
  readonly bytes: Uint8Array;
}

export type HeifAnswer =
  | { readonly data: Uint8Array<ArrayBuffer>; readonly channels: 3 | 4 }
  | { readonly error: string };

/**
 * Decodes the primary picture of a HEIC with libheif (WebAssembly; sharp's own build leaves HEVC out) to 8 bits per
 * channel, upright. The profile is not applied. Nothing is loaded before the first HEIC comes.
 * @param size of the header, checked against the limits
 * @throws PictorError IMAGE_BROKEN
 */
export async function decodeHeif(bytes: Uint8Array, size: Size): Promise<RawPixels> {
  const question: HeifQuestion = { bytes, width: size.width, height: size.height };
  // Captured streams: what the decoder prints goes nowhere.
  const thread = new Worker(entryUrl('heif-thread'), { workerData: question, stdout: true, stderr: true });
  try {
    const answer = await new Promise<HeifAnswer>((resolve, reject) => {
      thread.once('message', resolve);
      thread.once('error', reject);
      thread.once('exit', () => resolve({ error: 'decoder ended' }));
    });
    if ('error' in answer) throw new PictorError('IMAGE_BROKEN', { detail: `heif: ${answer.error}` });
    const { buffer, byteOffset, byteLength } = answer.data;
    return { ...size, data: Buffer.from(buffer, byteOffset, byteLength), channels: answer.channels };
  } catch (error) {
    if (error instanceof PictorError) throw error;
    throw new PictorError('IMAGE_BROKEN', { detail: `heif: ${String(error)}`, cause: error });
  } finally {
    await thread.terminate();
  }
}
