import { PictorError } from '../../core/errors.ts';
import { throwIfLeft } from '../left.ts';
import { s3StorageFailure } from './failure.ts';

/**
 * A body as it arrives, checked to be as long as its head said. Letting go of it ends the transfer.
 * @throws PictorError STORAGE_*, CANCELLED
 */
export async function* checkedBody(
  body: AsyncIterable<Uint8Array>,
  length: number | undefined,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array> {
  let read = 0;
  try {
    for await (const chunk of body) {
      read += chunk.byteLength;
      yield chunk;
    }
  } catch (thrown) {
    throwIfLeft(signal);
    throw s3StorageFailure(thrown);
  }
  if (length === undefined || read === length) return;
  throw new PictorError('STORAGE_FAILED', { detail: `s3: ${read} of ${length} bytes` });
}

/** No bytes. */
export async function* emptyBody(): AsyncGenerator<Uint8Array> {}
