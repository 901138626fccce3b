import { PictorError } from '../../core/errors.ts';

/** What libvips says when a chain ran past its `timeout`. */
const timeoutText = /^timeout: \d+% complete/m;
const memoryText = /out of memory|unable to allocate|not enough memory/i;

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
  const code = timeoutText.test(detail) ? 'TIMEOUT' : memoryText.test(detail) ? 'WORKER_MEMORY' : otherwise;
  return new PictorError(code, { detail, cause: error });
}
