import { randomBytes } from 'node:crypto';

/** What an incoming X-Request-ID may be: short, and harmless in a log line, a header and a page. */
const acceptable = /^[A-Za-z0-9_-]{1,64}$/;

/** Lambda's context of a request is a few kilobytes of JSON; nobody has us parse more. */
const longestContext = 16 * 1024;

/** Letters in front of the counter, and of the counter: together as long as those of nanoid, from the same alphabet. */
const prefixLength = 13;
const counterLength = 8;

const inBase36 = (count: number, length: number): string => count.toString(36).padStart(length, '0');

/** Every ending of a counter. Only what stands before it has to be put into text anew, once in 1,296 requests. */
const endingLength = 2;
const endings = Array.from({ length: 36 ** endingLength }, (_, count) => inBase36(count, endingLength));

type HeaderValue = string | string[] | undefined;

/**
 * Gives each request its id: the one the client or a proxy sent, where it is acceptable, so that one request can be
 * followed through several servers; else the one of AWS Lambda's `x-amzn-request-context`; otherwise a new one. New ids
 * are a random text per process and a counter: unique, and far cheaper than random bytes per request. They are names,
 * not secrets.
 */
export function createRequestIds(): (incoming: HeaderValue, context?: HeaderValue) => string {
  const prefix = randomBytes(prefixLength).toString('base64url').slice(0, prefixLength);
  const startFor = (count: number) =>
    [prefix, inBase36(Math.floor(count / endings.length), counterLength - endingLength)].join('');
  let counter = 0;
  let start = startFor(counter);
  return (incoming, context) => {
    if (typeof incoming === 'string' && acceptable.test(incoming)) return incoming;
    const named = typeof context === 'string' ? idOfContext(context) : null;
    if (named !== null) return named;
    counter += 1;
    const ending = counter % endings.length;
    if (ending === 0) start = startFor(counter);
    return start + endings[ending]!;
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
