import { randomBytes } from 'node:crypto';

/** What an incoming X-Request-ID may be: short, and harmless in a log line, a header and a page. */
const acceptable = /^[A-Za-z0-9_-]{1,64}$/;

/**
 * Gives each request its id: the one the client or a proxy sent, where it is acceptable, so that one request can be
 * followed through several servers; otherwise a new one. New ids are a random text per process and a counter: unique,
 * and far cheaper than random bytes per request. They are names, not secrets.
 */
export function createRequestIds(): (incoming: string | string[] | undefined) => string {
  const prefix = randomBytes(6).toString('base64url');
  let counter = 0;
  return (incoming) => {
    if (typeof incoming === 'string' && acceptable.test(incoming)) return incoming;
    counter += 1;
    return `${prefix}-${counter.toString(36)}`;
  };
}
