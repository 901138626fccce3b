import { PictorError } from '../core/errors.ts';

/** The error of an original with more bytes than the limit. */
export const tooLarge = (maxBytes: number) =>
  new PictorError('SOURCE_TOO_LARGE', { detail: `more than ${maxBytes} bytes` });
