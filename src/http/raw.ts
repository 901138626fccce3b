import type { VisitRule } from '../core/ports.ts';
import type { SourceStreams, StreamedSource } from '../service/stream-source.ts';
import { isFresh } from './conditional.ts';
import type { CookieScope } from './cookies.ts';
import type { Exchange } from './exchange.ts';
import { type HttpRequest, headerText } from './messages.ts';
import type { RawDelivery } from './mount-replies.ts';
import { type ByteRange, ifRangeHolds, readRange } from './range.ts';
import { type Sent, sendStream } from './send-stream.ts';

interface RawRequest extends Pick<RawDelivery, 'delivery' | 'source' | 'forOne'> {
  readonly streams: SourceStreams;
  /** Aborted when the client has left. */
  readonly signal: AbortSignal;
  readonly visits: VisitRule | undefined;
  /** Of the source; absent: as many as the server lets in. */
  readonly maxBytes: number | undefined;
  readonly scope: CookieScope;
}

/** Headers of the client that the source gets to see. If-Range belongs to Range: without it parts of two versions mix. */
const forwarded = ['if-none-match', 'if-modified-since', 'if-range', 'range', 'accept-encoding'] as const;

/**
 * Hands the source's own answer over as it comes: status, an allow list of headers, body. Never faster than the client
 * reads; a client that leaves ends the transfer, and an answer that breaks off breaks off here too, so that nobody takes
 * it for whole.
 * @throws PictorError SOURCE_*, BUSY as long as nothing was sent
 */
export async function sendRaw(exchange: Exchange, wanted: RawRequest): Promise<Sent> {
  const { request, response, method } = exchange;
  const { streams, source, signal, visits, maxBytes, scope } = wanted;
  const answer = await streams.open({
    uri: source,
    signal,
    visits,
    maxBytes,
    cookies: scope.cookies,
    headers: forwardedHeaders(request),
  });
  try {
    const { status, headers, bodiless, part } = headOf(exchange, wanted, answer);
    const body = method === 'HEAD' || bodiless ? null : answer.body(part);
    return await sendStream(response, { status, headers, body }, signal);
  } finally {
    answer.close();
  }
}

function forwardedHeaders({ headers }: HttpRequest): Record<string, string> {
  const passed: Record<string, string> = {};
  for (const name of forwarded) {
    const value = headerText(headers[name]);
    if (value !== undefined) passed[name] = value;
  }
  return passed;
}

interface Head {
  readonly status: number;
  readonly headers: readonly string[];
  readonly bodiless: boolean;
  readonly part?: ByteRange;
}

function headOf(exchange: Exchange, wanted: RawRequest, answer: StreamedSource): Head {
  const part = answer.conditional ? 'whole' : partOf(exchange.request, answer);
  const { delivery, source, forOne } = wanted;
  const { shareable } = answer;
  const write = (status: number, changes: Readonly<Record<string, string | undefined>> = {}) => {
    const given = Object.entries({ ...answer.headers, ...changes });
    const headers = Object.fromEntries(given.filter(([, value]) => value !== undefined)) as Record<
      string,
      string
    >;
    return exchange.desk.replies.raw({
      status,
      headers,
      delivery,
      source,
      shareable,
      requestId: exchange.id,
      now: Date.now(),
      ...(forOne === undefined ? {} : { forOne }),
    });
  };
  const size = answer.fileSize ?? 0;
  const seekable = answer.fileSize === undefined ? {} : { 'accept-ranges': 'bytes' };
  const empty = { 'content-length': undefined, 'content-type': undefined };
  if (part === 'held') return { status: 304, headers: write(304, empty), bodiless: true };
  if (part === 'unsatisfiable') {
    const headers = write(416, { ...empty, 'content-range': `bytes */${size}`, 'content-length': '0' });
    return { status: 416, headers, bodiless: true };
  }
  if (part === 'whole') {
    const { status } = answer;
    return { status, headers: write(status, seekable), bodiless: status === 304 || status === 204 };
  }
  const headers = write(206, {
    ...seekable,
    'content-range': `bytes ${part.first}-${part.last}/${size}`,
    'content-length': String(part.last - part.first + 1),
  });
  return { status: 206, headers, bodiless: false, part };
}

/** What the client wants of a source that always gives the whole. */
function partOf(
  { headers }: HttpRequest,
  answer: StreamedSource,
): ByteRange | 'whole' | 'held' | 'unsatisfiable' {
  const etag = /^"(.*)"$/.exec(answer.headers['etag'] ?? '')?.[1];
  const known = { etag, lastModified: answer.headers['last-modified'] };
  const conditions = {
    ifNoneMatch: headerText(headers['if-none-match']),
    ifModifiedSince: headers['if-modified-since'],
  };
  if (isFresh(conditions, known)) return 'held';
  const ifRange = headerText(headers['if-range']);
  if (headers.range === undefined || answer.fileSize === undefined) return 'whole';
  if (ifRange !== undefined && !ifRangeHolds(ifRange, known)) return 'whole';
  return readRange(headers.range, answer.fileSize);
}
