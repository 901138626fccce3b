import { type ErrorCode, PictorError } from '../../core/errors.ts';

/** The file was there when its header was read. */
const goneText = /^Input file is missing/;
const memoryText = /out of memory|unable to allocate|not enough memory/i;

const special: readonly (readonly [RegExp, ErrorCode])[] = [
  [memoryText, 'WORKER_MEMORY'],
  [goneText, 'STORE_FAILED'],
];

const text = (error: unknown) => (error instanceof Error ? error.message : String(error)).trim();

/** For steps that read an original: whatever goes wrong there is the fault of its bytes. @throws PictorError always */
export function broken(error: unknown): never {
  throw classify(error, 'IMAGE_BROKEN');
}

/** For steps that work on pixels we made ourselves: whatever goes wrong there is our fault. @throws PictorError always */
export function internal(error: unknown): never {
  throw classify(error, 'INTERNAL');
}

function classify(error: unknown, otherwise: 'IMAGE_BROKEN' | 'INTERNAL'): PictorError {
  if (error instanceof PictorError) return error;
  const detail = text(error);
  const code = special.find(([pattern]) => pattern.test(detail))?.[1] ?? otherwise;
  return new PictorError(code, { detail, cause: error });
}
