import { readFile } from 'node:fs/promises';
import { type ErrorCode, PictorError } from '../core/errors.ts';
import type { ImageRequest } from '../request/image-request.ts';
import { sniffedType } from './sniffed-type.ts';
import { declaredType } from './source-answer.ts';
import { recordOf, type Sourced, type Variant } from './variant-record.ts';

/** Nothing that can be worked on, or not like this. Trouble of our own is told. */
const passable: ReadonlySet<ErrorCode> = new Set([
  'IMAGE_UNKNOWN',
  'IMAGE_BROKEN',
  'IMAGE_TOO_LARGE',
  'FORMAT_UNSUPPORTED',
  'OPERATION_IMPOSSIBLE',
]);

/**
 * The original in place of a picture that cannot be made of it, for mounts that take every answer: bytes and status as
 * they came, under the type its source gives it. Where the URL names a format, what the bytes look like is the type.
 * Null: this failure has to be told. So it is for SVG that could not be made harmless.
 * @throws PictorError STORE_FAILED when the original is gone
 */
export async function handedOn(
  image: ImageRequest,
  sourced: Sourced,
  error: PictorError,
): Promise<Variant | null> {
  const original = sourced.originals[0];
  if (sourced.rules?.anyAnswer !== true || original === undefined || !passable.has(error.code)) return null;
  const body = await bytesOf(original.input);
  const declared = image.output.format.exact === undefined ? declaredType(original.response) : null;
  const mediaType = declared ?? sniffedType(body);
  if (mediaType === 'image/svg+xml') return null;
  const record = recordOf(sourced, { mediaType, width: 0, height: 0 }, null);
  return { record: { ...record, storable: false }, body, timings: sourced.timings };
}

async function bytesOf(
  input: { readonly path: string } | { readonly bytes: Uint8Array },
): Promise<Uint8Array> {
  if ('bytes' in input) return input.bytes;
  try {
    return await readFile(input.path);
  } catch (cause) {
    throw new PictorError('STORE_FAILED', { detail: 'the original is gone', cause });
  }
}
