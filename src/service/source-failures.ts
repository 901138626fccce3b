import type { ErrorCode } from '../core/errors.ts';

/** Failures of the source itself, for which an older copy may stand in (RFC 5861 section 4). */
export const sourceFailures: ReadonlySet<ErrorCode> = new Set([
  'SOURCE_FAILED',
  'SOURCE_UNREACHABLE',
  'SOURCE_TIMEOUT',
  'SOURCE_TRUNCATED',
  'SOURCE_REDIRECTS',
  'BUSY',
]);
