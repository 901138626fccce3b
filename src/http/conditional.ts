import { parseHttpDate } from '../lib/http-date.ts';

/** The conditional headers of a request; absent ones are undefined. */
export interface ConditionalHeaders {
  readonly ifNoneMatch?: string | undefined;
  readonly ifModifiedSince?: string | undefined;
}

/** What is known of the picture: an opaque tag without quotes, and the HTTP date of its source. */
export interface KnownValidators {
  readonly etag?: string | undefined;
  readonly lastModified?: string | undefined;
}

const comma = 0x2c;
const blank = 0x20;
const tab = 0x09;

/**
 * Whether a list of entity tags (RFC 9110 section 8.8.3) names this one, by weak comparison (section 8.8.3.2). `*` names
 * any. A comma may stand inside the quotes. Bare text up to the next comma counts as a tag too: clients of servers that
 * never quoted their tags send them back that way. Read in one pass, so that no header takes more time than its length.
 */
export function listsTag(header: string, etag: string): boolean {
  if (header === '*') return true;
  let at = 0;
  while (at < header.length) {
    const sign = header.charCodeAt(at);
    if (sign === comma || sign === blank || sign === tab) {
      at += 1;
      continue;
    }
    const start = header.startsWith('W/', at) ? at + 2 : at;
    const isQuoted = header.charAt(start) === '"';
    const tagEnd = isQuoted ? header.indexOf('"', start + 1) : endOfMember(header, start);
    if (tagEnd < 0) return false;
    const tag = isQuoted ? header.slice(start + 1, tagEnd) : header.slice(start, tagEnd).trimEnd();
    if (tag === etag) return true;
    at = endOfMember(header, tagEnd);
  }
  return false;
}

function endOfMember(header: string, from: number): number {
  const end = header.indexOf(',', from);
  return end < 0 ? header.length : end;
}

/**
 * Whether the client's copy is still good, so that GET and HEAD are answered 304 (RFC 9110 section 13.2.2). With an
 * If-None-Match header the dates are not looked at, also when no tag is known. A header that is no date is ignored.
 */
export function isFresh(request: ConditionalHeaders, known: KnownValidators): boolean {
  if (request.ifNoneMatch !== undefined) {
    return known.etag !== undefined && listsTag(request.ifNoneMatch, known.etag);
  }
  if (request.ifModifiedSince === undefined || known.lastModified === undefined) return false;
  const since = parseHttpDate(request.ifModifiedSince);
  const modified = parseHttpDate(known.lastModified);
  return since !== null && modified !== null && modified <= since;
}
