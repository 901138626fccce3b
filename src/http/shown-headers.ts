import type { ServedImage } from '../service/serve-image-types.ts';

/** A header value that came from elsewhere may only hold visible ASCII, blanks and tabs (RFC 9110 section 5.5). */
const isPlain = (text: string): boolean => /^[\t\x20-\x7e]*$/.test(text);

/** What validators, body and connection are described by is written elsewhere. */
const writtenElsewhere: ReadonlySet<string> = new Set([
  'etag',
  'last-modified',
  'content-type',
  'content-length',
  'content-encoding',
  'content-range',
  'transfer-encoding',
  'connection',
  'x-request-id',
]);

/**
 * Headers of the source's answer that a mount passes on, as flat list under the names it has for them.
 * @param names as the client shall see them
 */
export function createShownHeaders(
  names: readonly string[],
): (image: Pick<ServedImage, 'sourceHeaders' | 'standsInSeconds'>, forOne: boolean) => string[] {
  const wanted = new Map(
    names
      .filter((name) => !writtenElsewhere.has(name.toLowerCase()))
      .map((name) => [name.toLowerCase(), name]),
  );
  return ({ sourceHeaders = {}, standsInSeconds }, forOne) => {
    // What stands in has an age of its own.
    const isAged = forOne || standsInSeconds !== undefined;
    const headers = [...wanted].flatMap(([name, shown]) => {
      const value = sourceHeaders[name];
      if (value === undefined || !isPlain(value) || (isAged && ageHeaders.has(name))) return [];
      return [shown, value];
    });
    // It was fetched with the client's own credentials.
    return forOne ? [...headers, 'Cache-Control', 'private, no-store'] : headers;
  };
}

const ageHeaders: ReadonlySet<string> = new Set(['cache-control', 'expires']);
