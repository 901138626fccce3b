import type { FixedRoute, ReplyStyle } from '../../request/dialect.ts';
import { rulesOf } from './rules.ts';
import type { ImageproxySettings } from './settings.ts';

const text = 'text/plain; charset=utf-8';

const invalid = { status: 400, body: 'invalid request URL: {reason}\n' };
const refused = { status: 403, body: 'requested URL is not allowed\n' };
const misled = {
  status: 403,
  body: 'requested URL in redirect is not allowed\nerror fetching remote image\n',
};
const notFetched = { status: 500, body: 'error fetching remote image\n' };
const tooSlow = { status: 504, body: 'Gateway timeout waiting for remote resource.' };

/** The cause of a failed fetch is told to the log only: the original's text named address, options and signature. */
const errors: ReplyStyle['errors'] = {
  URL_INVALID: invalid,
  OPTION_INVALID: invalid,
  EXPIRED: refused,
  SIGNATURE_INVALID: refused,
  REFERRER_REFUSED: refused,
  CONTENT_TYPE_REFUSED: refused,
  SOURCE_NOT_ALLOWED: refused,
  REDIRECT_REFUSED: misled,
  SOURCE_ADDRESS_REFUSED: refused,
  SOURCE_NOT_FOUND: { status: 404, body: 'not found\n' },
  // What is no answer at all: 304 and 206 to a plain question, bytes that are no HTTP.
  SOURCE_REFUSED: notFetched,
  SOURCE_FAILED: notFetched,
  SOURCE_INVALID: notFetched,
  SOURCE_UNREACHABLE: notFetched,
  SOURCE_REDIRECTS: notFetched,
  SOURCE_TRUNCATED: notFetched,
  SOURCE_TIMEOUT: tooSlow,
  TIMEOUT: tooSlow,
  IMAGE_UNKNOWN: refused,
};

const ok = (path: string): FixedRoute => ({ path, status: 200, contentType: text, body: 'OK' });

/** Statuses, texts and fixed answers. Codes it never had (a full queue, a picture too large) are answered neutrally. */
export function imageproxyReplies(settings: ImageproxySettings): ReplyStyle {
  return {
    errors,
    otherwise: 'catalogue',
    contentType: text,
    headers: {},
    imageHeaders: {
      'Access-Control-Allow-Origin': '*',
      'Content-Security-Policy': "script-src 'none'",
      'X-XSS-Protection': '1; mode=block',
    },
    routes: [ok('/'), ok('/health-check'), { path: '/favicon.ico', status: 200, contentType: '', body: '' }],
    routesDecoded: true,
    ...(settings.metrics ? { metricsPath: '/metrics' } : {}),
    head: 'as-get',
    options: 'as-get',
    anyMethod: !rulesOf(settings).strictMethods,
  };
}
