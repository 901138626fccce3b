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

/** What was asked for out of what came: not every service gives exactly the part. @param wanted counted from its first byte */
export async function* partOf(
  body: AsyncIterable<Uint8Array>,
  { first, last }: { readonly first: number; readonly last: number },
): AsyncGenerator<Uint8Array> {
  let position = 0;
  for await (const chunk of body) {
    const wanted = chunk.subarray(Math.max(0, first - position), Math.max(0, last + 1 - position));
    if (wanted.byteLength > 0) yield wanted;
    position += chunk.byteLength;
    // Read to the end where that is all: the connection can then be used again.
    if (position > last + 1) return;
  }
}

/** No bytes. */
export async function* emptyBody(): AsyncGenerator<Uint8Array> {}
