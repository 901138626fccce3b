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

/**
 * One member of a list of entity tags (RFC 9110 section 8.8.3): weak or strong in quotes, where a comma may stand inside;
 * or bare text up to the next comma, as clients of servers send it back that never quoted their tags.
 */
const tag = /\s*(?:(?:W\/)?"([^"]*)"|([^\s,"][^,"]*))\s*(?:,|$)/gy;

/** Whether a list of entity tags names this one, by weak comparison (RFC 9110 section 8.8.3.2). `*` names any. */
export function listsTag(header: string, etag: string): boolean {
  if (header.trim() === '*') return true;
  tag.lastIndex = 0;
  for (let match = tag.exec(header); match !== null; match = tag.exec(header)) {
    const bare = match[2]?.trim();
    if ((match[1] ?? bare) === etag || (bare?.startsWith('W/') === true && bare.slice(2) === etag))
      return true;
    if (tag.lastIndex === header.length) break;
  }
  return false;
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
