import { formatHttpDate } from '../lib/http-date.ts';
import type { Showing } from '../request/storage.ts';
import { pdfType, svgType } from '../service/object-type.ts';
import type { ShownObject } from '../service/show-object.ts';
import { isFresh } from './conditional.ts';
import type { Exchange } from './exchange.ts';
import { headerText, type Reply } from './messages.ts';
import { type ByteRange, ifRangeHolds, readRange } from './range.ts';

/** The answer with an object; `part` says what of it is still to be read. */
export interface ObjectReply extends Reply {
  /** Set where the object is too large to be held: the body is streamed. */
  readonly stream?: { readonly part?: ByteRange };
}

interface Asked extends Pick<Exchange, 'request' | 'method' | 'desk' | 'id'> {}

/** Where any date at all says that the client holds it: 304 without a look. Null: it must be looked at. */
export function heldWithoutLook(asked: Asked, showing: Showing): Reply | null {
  if (showing.since !== 'always' || (asked.request.headers['if-modified-since'] ?? '') === '') return null;
  return { status: 304, headers: headersOf(asked, showing, {}), body: null };
}

/** 200, 206, 304 or 416 for an object that was found. */
export function objectReply(asked: Asked, showing: Showing, { object }: ShownObject): ObjectReply {
  const { request, method } = asked;
  const known = validatorsOf(showing, object);
  const validators = {
    ...(known.etag === undefined ? {} : { ETag: `"${known.etag}"` }),
    ...(known.lastModified === undefined ? {} : { 'Last-Modified': known.lastModified }),
  };
  const conditions = {
    ifNoneMatch: showing.etag ? headerText(request.headers['if-none-match']) : undefined,
    ifModifiedSince: showing.since === 'compare' ? request.headers['if-modified-since'] : undefined,
  };
  if (isFresh(conditions, known))
    return { status: 304, headers: headersOf(asked, showing, validators), body: null };

  const { size, bytes, sniffedType } = object;
  const range = method === 'GET' && showing.ranges ? rangeOf(asked, known, size) : 'whole';
  if (range === 'unsatisfiable') {
    const own = { 'Cache-Control': 'no-store', 'Content-Range': `bytes */${size}` };
    return { status: 416, headers: asked.desk.replies.headers(own, asked.id), body: '' };
  }
  const headers = headersOf(asked, showing, {
    'Content-Type':
      showing.contentType === 'sniffed' ? sniffedFor(showing, sniffedType) : showing.contentType,
    ...validators,
    ...(showing.ranges ? { 'Accept-Ranges': 'bytes' } : {}),
  });
  if (range === 'whole') {
    if (bytes !== null) return { status: 200, headers, body: bytes };
    return { status: 200, headers: [...headers, 'Content-Length', String(size)], body: null, stream: {} };
  }
  const { first, last } = range;
  headers.push('Content-Range', `bytes ${first}-${last}/${size}`);
  if (bytes !== null) return { status: 206, headers, body: bytes.subarray(first, last + 1) };
  headers.push('Content-Length', String(last - first + 1));
  return { status: 206, headers, body: null, stream: { part: range } };
}

const headersOf = ({ desk, id }: Asked, showing: Showing, own: Readonly<Record<string, string>>): string[] =>
  desk.replies.headers({ ...showing.headers, ...own }, id);

function validatorsOf({ etag, lastModified }: Showing, object: ShownObject['object']) {
  const date =
    lastModified === 'none'
      ? undefined
      : lastModified === 'object'
        ? formatHttpDate(object.modified)
        : lastModified.always;
  return { etag: etag ? object.etag : undefined, lastModified: date };
}

function rangeOf(
  { request }: Asked,
  known: ReturnType<typeof validatorsOf>,
  size: number,
): ByteRange | 'whole' | 'unsatisfiable' {
  const { range } = request.headers;
  const ifRange = headerText(request.headers['if-range']);
  if (range === undefined || (ifRange !== undefined && !ifRangeHolds(ifRange, known))) return 'whole';
  return readRange(range, size);
}

/** A drawing can hold scripts: it is shown as one where the task says so, and then what all replies carry keeps them still. */
const sniffedFor = ({ svg, pdf }: Showing, type: string): string =>
  (type === svgType && svg !== true) || (type === pdfType && pdf !== true)
    ? 'application/octet-stream'
    : type;
