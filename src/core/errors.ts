/**
 * The one error catalogue and the one error class.
 *
 * Every failure pictor can name is a row here: the status a neutral HTTP client gets, the public text, whether an
 * operator wants to be told (`report`), and for how many seconds the failure may be remembered (`rememberSeconds`;
 * never as a variant). A dialect may answer with other statuses and texts (its `ReplyStyle`), keyed by the same codes.
 * Anything thrown that is not a `PictorError` is a bug and is answered as `INTERNAL`.
 */

interface CatalogueRow {
  /** HTTP status for a client without a dialect of its own. */
  readonly status: number;
  /** Text that may be shown to anyone: no path, host, address or library message. */
  readonly message: string;
  /** True when an operator should hear of it: logged at `error` instead of `info`. */
  readonly report: boolean;
  /** How long, in seconds, the same question may be answered from memory. 0: never remembered. */
  readonly rememberSeconds: number;
  /** What happened and what to do, for the reference page. */
  readonly doc: string;
}

const row = (
  status: number,
  message: string,
  doc: string,
  more: { report?: boolean; remember?: number } = {},
): CatalogueRow => ({
  status,
  message,
  doc,
  report: more.report ?? false,
  rememberSeconds: more.remember ?? 0,
});

export const errorCatalogue = {
  URL_INVALID: row(400, 'Invalid URL', 'The request target does not follow the grammar of its dialect.'),
  OPTION_INVALID: row(400, 'Invalid option', 'A processing option is unknown, malformed or out of range.'),
  OPTION_FORBIDDEN: row(
    403,
    'Option not allowed',
    'The option exists but this server does not allow it in a URL.',
  ),
  EXPIRED: row(410, 'URL has expired', 'The expiry time in the URL has passed.'),
  SIGNATURE_INVALID: row(403, 'Forbidden', 'The signature is missing, malformed or does not match.'),
  SIGNATURE_MISPLACED: row(403, 'Forbidden', 'The place of the signature holds a processing option.'),
  SECRET_INVALID: row(403, 'Forbidden', 'The Authorization header is missing or wrong.'),
  REFERRER_REFUSED: row(
    403,
    'Forbidden',
    'The Referer header is missing, or names no host on the list of the mount.',
  ),
  METHOD_NOT_ALLOWED: row(405, 'Method not allowed', 'Only GET, HEAD and OPTIONS are answered here.'),
  NOT_FOUND: row(404, 'Not found', 'Nothing is mounted at this path.'),
  RANGE_INVALID: row(416, 'Range not satisfiable', 'The Range header lies outside the image.'),

  SOURCE_INVALID: row(
    400,
    'Invalid source URL',
    'The source URL cannot be read or its scheme is not enabled.',
  ),
  SOURCE_NOT_ALLOWED: row(403, 'Source is not allowed', 'The source is not on the allow list.'),
  REDIRECT_REFUSED: row(
    403,
    'Source is not allowed',
    'A redirect of the source leads where the mount lets nobody go.',
  ),
  CONTENT_TYPE_REFUSED: row(
    403,
    'Source is not allowed',
    'The type of the picture is not among those the mount gives.',
  ),
  SOURCE_ADDRESS_REFUSED: row(
    403,
    'Source is not allowed',
    'The source resolves to a loopback, link-local, private or reserved address that no setting allows.',
    { remember: 5 },
  ),
  SOURCE_NOT_FOUND: row(
    404,
    'Source not found',
    'The source answered 404 or 410, or the file does not exist.',
    { remember: 10 },
  ),
  SOURCE_REFUSED: row(502, 'Source is unreachable', 'The source answered another 4xx status.', {
    remember: 10,
  }),
  SOURCE_FAILED: row(502, 'Source is unreachable', 'The source answered 5xx or an unusable status.', {
    remember: 2,
    report: true,
  }),
  SOURCE_UNREACHABLE: row(
    502,
    'Source is unreachable',
    'No connection: name not found, refused, reset, TLS failure.',
    { remember: 2, report: true },
  ),
  SOURCE_REDIRECTS: row(
    502,
    'Source is unreachable',
    'Too many redirects, or a redirect without a usable target.',
    { remember: 10 },
  ),
  SOURCE_TIMEOUT: row(504, 'Source timed out', 'The source did not answer within the time limit.', {
    remember: 2,
    report: true,
  }),
  SOURCE_TRUNCATED: row(
    502,
    'Source response is incomplete',
    'The body ended before its declared length, or its encoding is broken.',
    { report: true },
  ),
  SOURCE_TOO_LARGE: row(
    422,
    'Source image is too large',
    'The source has more bytes than the limit allows.',
    { remember: 60 },
  ),

  IMAGE_UNKNOWN: row(
    415,
    'Source image type is not supported',
    'The bytes are not of a format pictor reads.',
    { remember: 60 },
  ),
  IMAGE_BROKEN: row(422, 'Broken or unsupported image', 'The decoder refused the bytes.', { remember: 60 }),
  IMAGE_TOO_LARGE: row(
    422,
    'Source image is too large',
    'Pixels, a side, the frames or the pixels of all frames exceed a limit.',
    { remember: 60 },
  ),
  FORMAT_UNSUPPORTED: row(
    422,
    'Output format is not supported',
    'This output format cannot be written, or not from this source.',
  ),
  OPERATION_IMPOSSIBLE: row(
    422,
    'Operation is not possible on this image',
    'For instance a crop that lies outside the image.',
  ),

  BUSY: row(503, 'Server is busy', 'A queue is full; try again after the time in Retry-After.'),
  TIMEOUT: row(503, 'Timeout', 'Processing took longer than the time limit; the worker was stopped.', {
    report: true,
    remember: 30,
  }),
  WORKER_CRASHED: row(
    500,
    'Image could not be processed',
    'The worker that held this image ended; it was replaced.',
    { report: true, remember: 10 },
  ),
  WORKER_MEMORY: row(
    500,
    'Image could not be processed',
    'The worker grew past its memory limit; it was replaced.',
    { report: true, remember: 30 },
  ),
  CANCELLED: row(499, 'Cancelled', 'Every client that waited for this answer has left.'),
  STORE_FAILED: row(500, 'Internal error', 'A store could not read or write.', { report: true }),
  OBJECT_NOT_FOUND: row(
    404,
    'Not found',
    'The bucket holds no such object, nor an original it could be made of.',
  ),
  STORAGE_REFUSED: row(
    403,
    'Storage refused',
    'The bucket does not exist, is not listed, or these credentials may not use it.',
    { report: true },
  ),
  STORAGE_FAILED: row(
    502,
    'Storage failed',
    'The bucket answered with an error, or the disk could not be used.',
    {
      report: true,
    },
  ),
  STORAGE_UNREACHABLE: row(
    502,
    'Storage is unreachable',
    'No connection to the service that holds the bucket.',
    {
      report: true,
    },
  ),
  STORAGE_TIMEOUT: row(
    504,
    'Storage timed out',
    'The service that holds the bucket did not answer in time.',
    {
      report: true,
    },
  ),
  UPLOAD_TOO_LARGE: row(413, 'Upload is too large', 'The body has more bytes than the mount takes.'),
  UPLOAD_EMPTY: row(400, 'Upload is empty', 'The body has no bytes, or too few for any picture.'),
  UPLOAD_REFUSED: row(
    400,
    'Upload refused',
    'The body is no picture that may be kept here, or not the one declared.',
  ),
  UPLOAD_CUT_OFF: row(
    400,
    'Upload is incomplete',
    'The body ended before its declared length, or came too slowly.',
  ),
  TOKEN_INVALID: row(401, 'Unauthorized', 'The token is missing or wrong.'),
  SHUTTING_DOWN: row(503, 'Server is shutting down', 'The server is finishing; try another one.'),
  LISTEN_FAILED: row(
    500,
    'Internal error',
    'A listener could not start: the address is taken, not ours or not allowed, or the certificate cannot be used. Only at start.',
    { report: true },
  ),
  INTERNAL: row(500, 'Internal error', 'A bug in pictor. The request id leads to the log line.', {
    report: true,
  }),
} as const satisfies Record<string, CatalogueRow>;

export type ErrorCode = keyof typeof errorCatalogue;

export interface PictorErrorOptions {
  /** Facts for the log only (addresses, paths, library messages). Never sent to a client. */
  readonly detail?: string;
  /** What is wrong with the request, in words for whoever sent it. Shown where the dialect has a place for it. */
  readonly reason?: string;
  readonly cause?: unknown;
  /** Seconds for `Retry-After`. */
  readonly retryAfterSeconds?: number;
  /** The status the source answered, for dialects that pass it on. */
  readonly upstreamStatus?: number;
}

/** The only error class pictor throws on purpose. `code` is the contract; `message` is the public text. */
export class PictorError extends Error {
  readonly code: ErrorCode;
  readonly detail: string | undefined;
  readonly reason: string | undefined;
  readonly retryAfterSeconds: number | undefined;
  readonly upstreamStatus: number | undefined;

  constructor(code: ErrorCode, options: PictorErrorOptions = {}) {
    super(errorCatalogue[code].message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'PictorError';
    this.code = code;
    this.detail = options.detail;
    this.reason = options.reason;
    this.retryAfterSeconds = options.retryAfterSeconds;
    this.upstreamStatus = options.upstreamStatus;
  }
}

/** Turns anything thrown into a `PictorError`: ours stay as they are, everything else becomes `INTERNAL`. */
export function asPictorError(thrown: unknown): PictorError {
  if (thrown instanceof PictorError) return thrown;
  return new PictorError('INTERNAL', {
    detail: thrown instanceof Error ? thrown.message : String(thrown),
    cause: thrown,
  });
}
