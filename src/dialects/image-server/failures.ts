import { type ErrorCode, errorCatalogue, type PictorError } from '../../core/errors.ts';
import type { FixedReply } from '../../request/dialect.ts';
import { jsonError } from './json.ts';
import { wrongSignatureReply } from './signing.ts';

/** Failures that have a status of their own, whatever the request was for. */
const ownStatus: Partial<Record<ErrorCode, number>> = {
  URL_INVALID: 400,
  OPTION_INVALID: 400,
  SOURCE_INVALID: 400,
  UPLOAD_TOO_LARGE: 413,
  RANGE_INVALID: 416,
  CANCELLED: 499,
  INTERNAL: 500,
  BUSY: 503,
  SHUTTING_DOWN: 503,
};

interface FailureFacts {
  /** Status of everything without one of its own. */
  readonly status: number;
  /** What was to be fetched, for the message; null: nothing. */
  readonly url: string | null;
}

/** How failures of one request are told: the error alone, in JSON. Nothing of it is for operators only. */
export const failureTeller =
  (facts: FailureFacts) =>
  (error: PictorError): FixedReply => {
    if (error.code === 'SIGNATURE_INVALID') return wrongSignatureReply;
    const { retryAfterSeconds: retry } = error;
    const headers: Record<string, string> =
      retry === undefined ? {} : { 'Retry-After': String(Math.max(1, Math.ceil(retry))) };
    return jsonError(ownStatus[error.code] ?? facts.status, textOf(error, facts.url), headers);
  };

function textOf({ code, reason, upstreamStatus }: PictorError, url: string | null): string {
  if (code === 'INTERNAL') return 'internal error';
  if (code === 'UPLOAD_EMPTY') return 'File is empty';
  const status = upstreamStatus ?? (code === 'OBJECT_NOT_FOUND' ? 404 : undefined);
  if (url !== null && status !== undefined && mayNameStatus.has(code))
    return `Unable to download image: ${url}, status code: ${status}`;
  return reason ?? errorCatalogue[code].message;
}

const mayNameStatus: ReadonlySet<ErrorCode> = new Set([
  'OBJECT_NOT_FOUND',
  'SOURCE_NOT_FOUND',
  'SOURCE_REFUSED',
  'SOURCE_FAILED',
]);
