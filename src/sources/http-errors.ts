/** Failures of undici, TLS, DNS and sockets, classified here and nowhere else. */
import { errors } from 'undici';
import { PictorError } from '../core/errors.ts';
import { connectionReset } from './visible-resets.ts';

const timeouts: ReadonlySet<string> = new Set([
  'ETIMEDOUT',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
]);
/** Too long, or with lengths that contradict each other. */
const unreadableHeads: ReadonlySet<string> = new Set([
  'UND_ERR_HEADERS_OVERFLOW',
  'UND_ERR_RES_CONTENT_LENGTH_MISMATCH',
]);
/** We have no file descriptor or buffer left for another socket: our trouble, not the source's. */
const exhausted: ReadonlySet<string> = new Set(['EMFILE', 'ENFILE', 'ENOBUFS']);
const retryAfterSeconds = 2;
const closedByUs: ReadonlySet<string> = new Set(['UND_ERR_DESTROYED', 'UND_ERR_CLOSED']);

/** What went wrong before the head of an answer had arrived. */
export function classifyHeadFailure(thrown: unknown): PictorError {
  const known = classifyCommon(thrown);
  if (known !== null) return known;
  const code = codeOf(thrown);
  const options = { detail: describe(thrown), cause: thrown };
  // What came back is no HTTP, or no HTTP we would read.
  if (thrown instanceof errors.HTTPParserError || unreadableHeads.has(code)) {
    return new PictorError('SOURCE_FAILED', options);
  }
  // No system or network error, or undici refused to send what it was given: our bug, not the source's.
  if (code === '' || code === 'UND_ERR_INVALID_ARG') return new PictorError('INTERNAL', options);
  return new PictorError('SOURCE_UNREACHABLE', options);
}

/** What went wrong while a body was read: sockets that end early, broken framing, broken compression. */
export const classifyBodyFailure = (thrown: unknown): PictorError =>
  classifyCommon(thrown) ?? new PictorError('SOURCE_TRUNCATED', { detail: describe(thrown), cause: thrown });

function classifyCommon(thrown: unknown): PictorError | null {
  const ours = findOurs(thrown);
  if (ours !== null) return ours;
  const code = codeOf(thrown);
  if (timeouts.has(code))
    return new PictorError('SOURCE_TIMEOUT', { detail: describe(thrown), cause: thrown });
  if (exhausted.has(code))
    return new PictorError('BUSY', { detail: describe(thrown), cause: thrown, retryAfterSeconds });
  if (closedByUs.has(code))
    return new PictorError('SHUTTING_DOWN', { detail: describe(thrown), cause: thrown });
  return null;
}

/**
 * True when a kept-alive connection may have been closed by the other side just as it was used again: a GET can then be
 * repeated once without harm (RFC 9112 section 9.3.1).
 */
export function isStaleConnection(thrown: unknown): boolean {
  const code = codeOf(thrown);
  if (code === connectionReset || code === 'EPIPE') return true;
  const socket = thrown instanceof Error && 'socket' in thrown ? thrown.socket : null;
  const bytesRead =
    typeof socket === 'object' && socket !== null && 'bytesRead' in socket ? socket.bytesRead : 0;
  return code === 'UND_ERR_SOCKET' && typeof bytesRead === 'number' && bytesRead > 0;
}

/** Our own errors come back from inside undici as they are, as a cause, or among the failures of several addresses. */
function findOurs(thrown: unknown, depth = 0): PictorError | null {
  if (thrown instanceof PictorError) return thrown;
  if (!(thrown instanceof Error) || depth > 4) return null;
  const inner = thrown instanceof AggregateError ? [...thrown.errors, thrown.cause] : [thrown.cause];
  for (const each of inner) {
    const found = findOurs(each, depth + 1);
    if (found !== null) return found;
  }
  return null;
}

const codeOf = (thrown: unknown): string =>
  thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : '';

const describe = (thrown: unknown): string =>
  thrown instanceof Error ? `${codeOf(thrown) || thrown.name}: ${thrown.message}` : String(thrown);
