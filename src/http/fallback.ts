import type { ErrorCode, PictorError } from '../core/errors.ts';
import type { FallbackPolicy } from '../request/dialect.ts';
import type { ImageRequest } from '../request/image-request.ts';

/** Nothing came, or nothing that is a picture. What is refused, too large, cut short or cannot be processed is told. */
const failures: ReadonlySet<ErrorCode> = new Set([
  'SOURCE_INVALID',
  'SOURCE_ADDRESS_REFUSED',
  'SOURCE_NOT_FOUND',
  'SOURCE_REFUSED',
  'SOURCE_FAILED',
  'SOURCE_UNREACHABLE',
  'SOURCE_REDIRECTS',
  'SOURCE_TIMEOUT',
  'IMAGE_UNKNOWN',
]);

/** What the mount has no path for, nobody waits for, or says nothing of what was asked for. */
const never: ReadonlySet<ErrorCode> = new Set([
  'NOT_FOUND',
  'METHOD_NOT_ALLOWED',
  'CANCELLED',
  'SHUTTING_DOWN',
  'BUSY',
  'INTERNAL',
]);

/** Whether another picture may stand in for one that failed like this. */
export const mayStandIn = ({ code }: PictorError, { covers }: Pick<FallbackPolicy, 'covers'>): boolean =>
  covers === 'all' ? !never.has(code) : failures.has(code);

/**
 * The same request for the picture that stands in. Its source is another one, and so is its key: what is kept of it is
 * never found where the real picture would be. Bounds on what is read were meant for the URL's source.
 */
export function withFallbackSource(
  { limits: _, ...image }: ImageRequest,
  { uri, limits }: Pick<FallbackPolicy, 'uri' | 'limits'>,
): ImageRequest {
  return { ...image, source: uri, ...(limits === undefined ? {} : { limits }) };
}
