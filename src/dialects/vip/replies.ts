import type { FixedReply, FixedRoute, ReplyStyle } from '../../request/dialect.ts';

const text = 'text/plain; charset=utf-8';
const json = 'application/json';

/** What S3 says of a key that is not there; also told of what must not be seen. */
const missing = { status: 404, body: 'The specified key does not exist.\n' };
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

const errorText = (message: string): string => `${goJson({ error: message })}\n`;

const refusal = (message: string) => ({ status: 400, body: errorText(message), contentType: json });

const writeFailed = { status: 500, body: '{reason}\n' };

/**
 * Statuses and texts of failed uploads.
 * @param megabytes the limit, as it is told
 */
export function uploadErrors(megabytes: number, isDeclaredJpeg: boolean): ReplyStyle['errors'] {
  const bad = refusal(isDeclaredJpeg ? 'You sent a bad JPEG file.' : 'image: unknown format');
  return {
    TOKEN_INVALID: { status: 401, body: '' },
    UPLOAD_TOO_LARGE: {
      status: 413,
      body: errorText(`The file size limit is ${megabytes}MB`),
      contentType: json,
    },
    UPLOAD_EMPTY: refusal('File must have size greater than 0'),
    UPLOAD_CUT_OFF: refusal('unexpected EOF'),
    UPLOAD_REFUSED: bad,
    IMAGE_UNKNOWN: bad,
    IMAGE_BROKEN: bad,
    FORMAT_UNSUPPORTED: bad,
    IMAGE_TOO_LARGE: refusal('The image has too many pixels'),
    STORAGE_FAILED: writeFailed,
    STORAGE_REFUSED: writeFailed,
    STORAGE_UNREACHABLE: writeFailed,
    STORAGE_TIMEOUT: writeFailed,
  };
}

/** The answer to an upload that was kept. */
export const uploadedReply = (url: string): FixedReply => ({
  status: 201,
  body: `${goJson({ url })}\n`,
  headers: { 'Content-Type': json },
});

/** JSON as Go writes it: signs that mean something in HTML are escaped. */
const goJson = (value: object): string =>
  JSON.stringify(value).replace(
    /[&<>\u2028\u2029]/g,
    (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
