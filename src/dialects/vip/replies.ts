import { PictorError } from '../../core/errors.ts';
import type { FixedReply, FixedRoute, ReplyStyle } from '../../request/dialect.ts';
import type { TaskVoice } from '../../request/storage.ts';

const text = 'text/plain; charset=utf-8';
const json = 'application/json';

/** What S3 says of a key that is not there; also told of what must not be seen. */
const missing = { status: 404, body: 'The specified key does not exist.\n' };
/** The same of a bucket, to those who want to put something there. */
export const missingBucket = { status: 404, body: 'The specified bucket does not exist.\n' };
const unknownFormat = { status: 415, body: 'unknown image format\n' };

const ping: FixedRoute = { path: '/ping', quiet: true, status: 200, contentType: text, body: 'pong' };

/** Statuses and texts of everything that is no upload. */
export const vipReplies: ReplyStyle = {
  errors: {
    NOT_FOUND: { status: 404, body: '404 page not found\n' },
    OBJECT_NOT_FOUND: missing,
    SOURCE_NOT_FOUND: missing,
    STORAGE_REFUSED: missing,
    IMAGE_UNKNOWN: unknownFormat,
    TOKEN_INVALID: { status: 401, body: '' },
  },
  otherwise: 'catalogue',
  contentType: text,
  headers: {},
  routes: [ping],
  head: 'as-get',
  options: 'as-get',
  anyMethod: true,
};

/** The answer of `/ping`. */
export const pingReply: FixedReply = { status: ping.status, body: ping.body };

/** JSON as Go writes it: signs that mean something in HTML are escaped. */
const goJson = (value: object): string =>
  JSON.stringify(value).replace(
    /[&<>\u2028\u2029]/g,
    (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );

interface Refusal {
  readonly status: number;
  readonly body: string;
  readonly contentType: string;
}

const refusal = (message: string): Refusal => ({
  status: 400,
  body: `${goJson({ error: message })}\n`,
  contentType: json,
});

const writeFailed = { status: 500, body: '{reason}\n' };

const tooManyPixels = refusal('image is too large');

/**
 * How failed uploads are answered.
 * @param megabytes the limit, as it is told
 */
export function uploadVoice(
  megabytes: number,
  isDeclaredJpeg: boolean,
): Pick<TaskVoice, 'errors' | 'failure'> {
  return {
    errors: {
      TOKEN_INVALID: { status: 401, body: '' },
      UPLOAD_TOO_LARGE: { ...refusal(`The file size limit is ${megabytes}MB`), status: 413 },
      UPLOAD_EMPTY: refusal('File must have size greater than 0'),
      UPLOAD_CUT_OFF: refusal('unexpected EOF'),
      UPLOAD_REFUSED: refusal(isDeclaredJpeg ? 'You sent a bad JPEG file.' : 'image: unknown format'),
      STORAGE_FAILED: writeFailed,
      STORAGE_REFUSED: writeFailed,
      STORAGE_UNREACHABLE: writeFailed,
      STORAGE_TIMEOUT: writeFailed,
    },
    failure({ code, reason, cause }) {
      const headers = { 'Content-Type': json };
      if (code === 'UPLOAD_REFUSED' && cause instanceof PictorError && cause.code === 'IMAGE_TOO_LARGE')
        return { ...tooManyPixels, headers };
      // The bound of the mount, not ours.
      return code === 'UPLOAD_TOO_LARGE' && reason !== undefined
        ? { ...refusal(reason), status: 413, headers }
        : null;
    },
  };
}

/** The answer to an upload that was kept. */
export const uploadedReply = (url: string): FixedReply => ({
  status: 201,
  body: `${goJson({ url })}\n`,
  headers: { 'Content-Type': json },
});
