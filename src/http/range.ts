import { parseHttpDate } from '../lib/http-date.ts';
import type { KnownValidators } from './conditional.ts';
import type { Reply } from './messages.ts';

/** The first and last byte of a part, both included. */
export interface ByteRange {
  readonly first: number;
  readonly last: number;
}

/**
 * Reads a Range header against a body of `size` bytes (RFC 9110 section 14.1.2). Several ranges, other units and
 * malformed headers mean the whole: a server may always ignore Range, and many small ranges are a way to make it work
 * more than its answer is worth (section 14.2).
 */
export function readRange(header: string, size: number): ByteRange | 'whole' | 'unsatisfiable' {
  const match = /^bytes=(\d*)-(\d*)$/i.exec(header);
  if (match === null) return 'whole';
  const [, firstText, lastText] = match as unknown as [string, string, string];
  if (firstText === '') return lastText === '' ? 'whole' : suffix(Number(lastText), size);
  const first = Number(firstText);
  const last = lastText === '' ? Number.POSITIVE_INFINITY : Number(lastText);
  if (last < first) return 'whole';
  return first >= size ? 'unsatisfiable' : { first, last: Math.min(last, size - 1) };
}

function suffix(length: number, size: number): ByteRange | 'unsatisfiable' {
  if (length === 0 || size === 0) return 'unsatisfiable';
  return { first: Math.max(0, size - length), last: size - 1 };
}

/**
 * Whether an If-Range condition holds (RFC 9110 section 13.1.5): the very tag, by strong comparison, or the very date.
 * Ours are strong; a tag that is sent back as weak, or without its quotes, is another one.
 */
export function ifRangeHolds(header: string, known: KnownValidators): boolean {
  if (header.startsWith('"')) return known.etag !== undefined && header === `"${known.etag}"`;
  const date = parseHttpDate(header);
  return date !== null && known.lastModified !== undefined && date === parseHttpDate(known.lastModified);
}

export interface RangeHeaders {
  readonly range?: string | undefined;
  readonly ifRange?: string | undefined;
}

/** Headers of the picture that a refusal must not carry: it is neither an image nor good for an hour. */
const ofThePicture = new Set([
  'Content-Type',
  'Content-Disposition',
  'Cache-Control',
  'Expires',
  'ETag',
  'Last-Modified',
]);

/**
 * Cuts the part out of a 200 reply that the client asked for: 206, or 416 when it lies outside. Anything else comes back
 * as it is. For GET only: Range has no meaning on other methods (RFC 9110 section 14.2).
 */
export function withRange(reply: Reply, request: RangeHeaders, known: KnownValidators): Reply {
  const { body } = reply;
  if (request.range === undefined || reply.status !== 200 || !(body instanceof Uint8Array)) return reply;
  if (request.ifRange !== undefined && !ifRangeHolds(request.ifRange, known)) return reply;
  const size = body.byteLength;
  const range = readRange(request.range, size);
  if (range === 'whole') return reply;
  if (range === 'unsatisfiable') {
    const headers = reply.headers.filter(
      (_, index) => !ofThePicture.has(reply.headers[index - (index % 2)]!),
    );
    return {
      status: 416,
      headers: [...headers, 'Cache-Control', 'no-store', 'Content-Range', `bytes */${size}`],
      body: '',
    };
  }
  return {
    status: 206,
    headers: [...reply.headers, 'Content-Range', `bytes ${range.first}-${range.last}/${size}`],
    body: body.subarray(range.first, range.last + 1),
  };
}
