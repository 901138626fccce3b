/** What comes back from an object store: an original, or an error of ours. */
import type { Readable } from 'node:stream';
import { PictorError } from '../core/errors.ts';
import type { NotModified, Original, SourceResponse, Validators } from '../core/ports.ts';
import { codingsOf, readBody } from './http-body.ts';
import type { ObjectFetch } from './object-source.ts';
import { tooLarge } from './too-large.ts';

/** Headers of an object, by their lower-case names; what is undefined was not sent. */
export type ObjectHeaders = Readonly<Record<string, string | undefined>>;

/** What a client or a cache may know of an object: no request ids, no metadata of its owner. */
const kept = [
  'age',
  'cache-control',
  'content-encoding',
  'content-length',
  'content-type',
  'date',
  'etag',
  'expires',
  'last-modified',
];

function responseOf(status: number, headers: ObjectHeaders): SourceResponse {
  const shown = kept.flatMap((name) => (headers[name] === undefined ? [] : [[name, headers[name]]]));
  return { status, headers: Object.fromEntries(shown) };
}

/** @param headers `content-length` is that of `body`, before any decoding */
export function objectFound(
  headers: ObjectHeaders,
  body: Readable,
  { context: { maxBytes }, deadline }: ObjectFetch,
): Original {
  const length = lengthOf(headers);
  if ((length ?? 0) > maxBytes) {
    body.on('error', () => {}).destroy();
    throw tooLarge(maxBytes);
  }
  const contentEncoding = headers['content-encoding'];
  const contentType = headers['content-type'];
  const isPlain = codingsOf(contentEncoding).length === 0;
  return {
    status: 'found',
    body: { stream: readBody(body, { maxBytes, contentEncoding, expectedBytes: length, deadline }) },
    ...(isPlain && length !== undefined ? { size: length } : {}),
    ...(contentType === undefined ? {} : { contentType }),
    validators: validatorsOf(headers),
    response: responseOf(200, headers),
  };
}

/** The object is still the one we hold. */
export function objectUnchanged(headers: ObjectHeaders, { deadline }: ObjectFetch): NotModified {
  deadline.end();
  return { status: 'not-modified', response: responseOf(304, headers) };
}

function lengthOf(headers: ObjectHeaders): number | undefined {
  const text = headers['content-length'] ?? '';
  return /^\d+$/.test(text) ? Number(text) : undefined;
}

function validatorsOf({ etag, 'last-modified': lastModified }: ObjectHeaders): Validators {
  return { ...(etag === undefined ? {} : { etag }), ...(lastModified === undefined ? {} : { lastModified }) };
}

interface Refusal {
  readonly status: number;
  /** For the log: the service's code and words. */
  readonly detail: string;
  /** True: our credentials, the clock or the endpoint are wrong, whatever the status. */
  readonly misconfigured?: boolean;
  readonly cause?: unknown;
}

/**
 * The error behind a status that is neither 200 nor 304. A missing object or bucket is SOURCE_NOT_FOUND; what these
 * credentials may not read, and any other 4xx, is SOURCE_REFUSED; wrong credentials and a failing service are
 * SOURCE_FAILED.
 */
export function objectRefused({ status, detail, misconfigured, cause }: Refusal): PictorError {
  const options = { detail, upstreamStatus: status, ...(cause === undefined ? {} : { cause }) };
  if (misconfigured === true || status === 401 || status === 407 || status === 429)
    return new PictorError('SOURCE_FAILED', options);
  if (status === 404 || status === 410) return new PictorError('SOURCE_NOT_FOUND', options);
  if (status === 408) return new PictorError('SOURCE_TIMEOUT', options);
  return new PictorError(status >= 400 && status < 500 ? 'SOURCE_REFUSED' : 'SOURCE_FAILED', options);
}
