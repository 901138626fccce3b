import { errorCatalogue, type PictorError } from '../core/errors.ts';
import type { ReplyStyle } from '../request/dialect.ts';
import { developmentReport } from './development-report.ts';
import type { Reply } from './messages.ts';

/** Headers that make a body harmless wherever it is shown: no sniffing, no scripts, no frames, no requests. */
export const securityHeaders = {
  'X-Content-Type-Options': 'nosniff',
  'Content-Security-Policy': "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox",
} as const;

const neutralType = 'text/plain; charset=utf-8';

/** The parts of a dialect's style that errors need. */
export type ErrorStyle = Pick<ReplyStyle, 'errors' | 'otherwise' | 'contentType' | 'showDetails'>;

/** What an error's answer depends on, besides the error and the style. */
export interface ErrorCircumstances {
  readonly requestId: string;
  readonly accept?: string | undefined;
  /** Rows that stand in for those of the style. */
  readonly rows?: ReplyStyle['errors'] | undefined;
}

/** The whole answer to a failure where no mount is responsible. */
export function neutralErrorReply(error: PictorError, requestId: string): Reply {
  const reply = renderError(error, null, { requestId });
  return {
    ...reply,
    headers: [...Object.entries(securityHeaders).flat(), 'X-Request-ID', requestId, ...reply.headers],
  };
}

interface StatusAndBody {
  readonly status: number;
  readonly body: string;
  readonly contentType?: string;
}

/**
 * The answer to a failure: in the words of a dialect, or neutral when `style` is null (plain text, with the request id).
 * Only public text is sent, unless the style is one for development. No error may be stored by a cache: a source that is
 * back in a second must not stay broken for an hour. Only headers special to the error are in it; the mount adds those
 * of every reply.
 */
export function renderError(
  error: PictorError,
  style: ErrorStyle | null,
  circumstances: ErrorCircumstances,
): Reply {
  const said =
    style === null
      ? neutral(error, circumstances.requestId)
      : inStyle(error, withRows(style, circumstances.rows));
  const { status } = said;
  const { contentType, body } = shownTo(error, { style, said, circumstances });
  const headers = ['Content-Type', contentType, 'Cache-Control', 'no-store'];
  if (error.retryAfterSeconds !== undefined)
    headers.push('Retry-After', String(Math.max(1, Math.ceil(error.retryAfterSeconds))));
  if (status === 405) headers.push('Allow', 'GET, HEAD, OPTIONS');
  return { status, headers, body };
}

const withRows = (style: ErrorStyle, rows: ReplyStyle['errors'] | undefined): ErrorStyle =>
  rows === undefined ? style : { ...style, errors: { ...style.errors, ...rows } };

/** The status an error has in the words of a dialect. */
export const statusOf = (error: PictorError, style: ErrorStyle): number => inStyle(error, style).status;

interface Showing {
  readonly style: ErrorStyle | null;
  readonly said: StatusAndBody;
  readonly circumstances: ErrorCircumstances;
}

function shownTo(
  error: PictorError,
  { style, said, circumstances }: Showing,
): { readonly contentType: string; readonly body: string } {
  const contentType = said.contentType ?? style?.contentType ?? neutralType;
  if (style?.showDetails === 'stack') return developmentReport(error, circumstances);
  if (style?.showDetails !== true || error.detail === undefined) return { contentType, body: said.body };
  return { contentType, body: `${said.body}\n\n${error.detail}` };
}

function neutral(error: PictorError, requestId: string): StatusAndBody {
  return {
    status: errorCatalogue[error.code].status,
    body: `${error.message}\n\nRequest id: ${requestId}\n`,
  };
}

function inStyle(error: PictorError, style: ErrorStyle): StatusAndBody {
  const own = style.errors[error.code];
  if (own !== undefined) {
    const withoutError = (error.upstreamStatus ?? 400) < 400 ? own.withoutError : undefined;
    const status = withoutError ?? own.status;
    return {
      status: status === 'upstream' ? upstreamStatus(error) : status,
      body: withReason(own.body, error),
      ...(own.contentType === undefined ? {} : { contentType: own.contentType }),
    };
  }
  if (style.otherwise !== 'catalogue') return style.otherwise;
  return { status: errorCatalogue[error.code].status, body: error.message };
}

/** What the error says to the client, in the place the dialect has for it. */
const withReason = (body: string, { reason, message }: PictorError): string =>
  body.includes('{reason}') ? body.split('{reason}').join(reason ?? message) : body;

/** A source's status is only passed on where it is an error: a redirect or a 200 would say something else about us. */
function upstreamStatus(error: PictorError): number {
  const { upstreamStatus: status } = error;
  return status !== undefined && status >= 400 && status <= 599 ? status : errorCatalogue[error.code].status;
}
