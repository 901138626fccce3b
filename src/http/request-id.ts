import { randomBytes } from 'node:crypto';

/** What an incoming X-Request-ID may be: short, and harmless in a log line, a header and a page. */
const acceptable = /^[A-Za-z0-9_-]{1,64}$/;

/** Lambda's context of a request is a few kilobytes of JSON; nobody has us parse more. */
const longestContext = 16 * 1024;

/** Letters in front of the counter, and of the whole: as long as those of nanoid, from the same alphabet. */
const prefixLength = 13;
const idLength = 21;

type HeaderValue = string | string[] | undefined;

/**
 * Gives each request its id: the one the client or a proxy sent, where it is acceptable, so that one request can be
 * followed through several servers; else the one of AWS Lambda's `x-amzn-request-context`; otherwise a new one. New ids
 * are a random text per process and a counter: unique, and far cheaper than random bytes per request. They are names,
 * not secrets.
 */
export function createRequestIds(): (incoming: HeaderValue, context?: HeaderValue) => string {
  const prefix = randomBytes(prefixLength).toString('base64url').slice(0, prefixLength);
  let counter = 0;
  return (incoming, context) => {
    if (typeof incoming === 'string' && acceptable.test(incoming)) return incoming;
    const named = typeof context === 'string' ? idOfContext(context) : null;
    if (named !== null) return named;
    counter += 1;
    return prefix + counter.toString(36).padStart(idLength - prefixLength, '0');
  };
}

function idOfContext(context: string): string | null {
  if (context.length > longestContext) return null;
  try {
    const parsed: unknown = JSON.parse(context);
    const id =
      typeof parsed === 'object' && parsed !== null && 'requestId' in parsed ? parsed.requestId : null;
    return typeof id === 'string' && acceptable.test(id) ? id : null;
  } catch {
    return null;
  }
}
