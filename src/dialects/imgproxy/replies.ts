import type { FixedRoute, ReplyStyle } from '../../request/dialect.ts';
import { landingPage } from './landing-page.ts';
import { type ImgproxyRules, rulesOf } from './rules.ts';
import type { ImgproxySettings } from './settings.ts';

type ErrorReplies = ReplyStyle['errors'];

const invalidImageUrl = { status: 404, body: 'Invalid image url' };
const imageUnreachable = { status: 404, body: 'Image is unreachable' };
const processingFailed = { status: 500, body: 'Error occurred while processing image' };
const internalError = { status: 500, body: 'Internal error' };
const forbidden = { status: 403, body: 'Forbidden' };
const timeout = { status: 503, body: 'Timeout' };

/** v1 had one text for every URL it would not take and one for every source it could not use. */
const v1Errors: ErrorReplies = {
  URL_INVALID: invalidImageUrl,
  OPTION_INVALID: invalidImageUrl,
  OPTION_FORBIDDEN: invalidImageUrl,
  EXPIRED: invalidImageUrl,
  SIGNATURE_INVALID: invalidImageUrl,
  SIGNATURE_MISPLACED: invalidImageUrl,
  NOT_FOUND: invalidImageUrl,
  FORMAT_UNSUPPORTED: invalidImageUrl,
  SECRET_INVALID: forbidden,
  METHOD_NOT_ALLOWED: { status: 422, body: "Method doesn't allowed" },
  SOURCE_INVALID: imageUnreachable,
  SOURCE_NOT_ALLOWED: imageUnreachable,
  REDIRECT_REFUSED: imageUnreachable,
  SOURCE_ADDRESS_REFUSED: imageUnreachable,
  SOURCE_NOT_FOUND: imageUnreachable,
  SOURCE_REFUSED: imageUnreachable,
  SOURCE_FAILED: imageUnreachable,
  SOURCE_UNREACHABLE: imageUnreachable,
  SOURCE_REDIRECTS: imageUnreachable,
  SOURCE_TIMEOUT: imageUnreachable,
  SOURCE_TRUNCATED: imageUnreachable,
  SOURCE_TOO_LARGE: imageUnreachable,
  IMAGE_UNKNOWN: imageUnreachable,
  IMAGE_TOO_LARGE: imageUnreachable,
  IMAGE_BROKEN: processingFailed,
  OPERATION_IMPOSSIBLE: processingFailed,
  WORKER_CRASHED: processingFailed,
  WORKER_MEMORY: processingFailed,
  TIMEOUT: timeout,
  STORE_FAILED: internalError,
  INTERNAL: internalError,
};

const invalidUrl = { status: 404, body: 'Invalid URL' };
const invalidSourceUrl = { status: 404, body: 'Invalid source URL' };
const invalidSourceImage = { status: 422, body: 'Invalid source image' };
const unreachable = (status: number | 'upstream') => ({ status, body: 'Source is unreachable' });
const blank = (status: number) => ({ status, body: ' ' });

const v4Errors: ErrorReplies = {
  URL_INVALID: invalidUrl,
  OPTION_INVALID: invalidUrl,
  EXPIRED: invalidUrl,
  OPTION_FORBIDDEN: { status: 403, body: 'Invalid URL' },
  FORMAT_UNSUPPORTED: { status: 422, body: 'Invalid URL' },
  SIGNATURE_INVALID: forbidden,
  SIGNATURE_MISPLACED: {
    status: 403,
    body: 'The signature appears to be a processing option. The signature section should always be present in the URL.',
  },
  SECRET_INVALID: forbidden,
  METHOD_NOT_ALLOWED: blank(404),
  NOT_FOUND: blank(404),
  SOURCE_INVALID: unreachable(404),
  SOURCE_NOT_ALLOWED: invalidSourceUrl,
  REDIRECT_REFUSED: invalidSourceUrl,
  SOURCE_ADDRESS_REFUSED: invalidSourceUrl,
  SOURCE_NOT_FOUND: unreachable('upstream'),
  SOURCE_REFUSED: unreachable('upstream'),
  SOURCE_FAILED: { ...unreachable(502), withoutError: 404 },
  SOURCE_UNREACHABLE: unreachable(404),
  SOURCE_REDIRECTS: unreachable(404),
  SOURCE_TIMEOUT: unreachable(504),
  SOURCE_TRUNCATED: { status: 422, body: 'Source response is incomplete' },
  SOURCE_TOO_LARGE: invalidSourceImage,
  IMAGE_UNKNOWN: invalidSourceImage,
  IMAGE_TOO_LARGE: invalidSourceImage,
  IMAGE_BROKEN: { status: 422, body: 'Broken or unsupported image' },
  BUSY: { status: 429, body: 'Too many requests' },
  CANCELLED: { status: 499, body: 'Cancelled' },
  TIMEOUT: timeout,
  WORKER_CRASHED: internalError,
  WORKER_MEMORY: internalError,
  STORE_FAILED: internalError,
  INTERNAL: internalError,
};

const health = (path: string, contentType: string, headers: Record<string, string>): FixedRoute => ({
  path,
  status: 200,
  contentType,
  body: 'imgproxy is running',
  headers,
  quiet: true,
});

/** Statuses, texts and fixed answers of v1. Codes it never had (a full queue, a bad range) are answered neutrally. */
function v1Replies(rules: ImgproxyRules): ReplyStyle {
  const contentType = 'text/plain; charset=utf-8';
  return {
    errors: v1Errors,
    otherwise: 'catalogue',
    contentType,
    headers: {},
    routes: healthPaths(rules).map((path) => health(path, contentType, {})),
    head: 'as-get',
    options: { status: 200, body: '' },
    showDetails: rules.developmentErrors,
  };
}

/** Statuses, texts and fixed answers of v4. */
function v4Replies(rules: ImgproxyRules): ReplyStyle {
  const contentType = 'text/plain';
  const anything = { status: 200, body: ' ', headers: { 'Cache-Control': defaultCacheControl(rules) } };
  const absent = { status: 404, contentType, body: ' ' };
  return {
    errors: v4Errors,
    otherwise: 'catalogue',
    contentType,
    headers: {
      ...(rules.serverName === '' ? {} : { Server: rules.serverName }),
      'Content-Security-Policy': "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox",
    },
    routes: [
      ...healthPaths(rules).map((path) => health(path, contentType, { 'Cache-Control': 'no-cache' })),
      ...['', '/'].map((path) => ({ path, status: 200, contentType: 'text/html', body: landingPage })),
      { path: '/favicon.ico', ...absent },
      { path: '/.well-known/', below: true, ...absent },
    ],
    head: rules.fixedHead ? anything : 'as-get',
    options: anything,
    showDetails: rules.developmentErrors ? 'stack' : false,
  };
}

const healthPaths = ({ healthCheckPath }: ImgproxyRules): string[] =>
  healthCheckPath === '' || healthCheckPath === '/health' ? ['/health'] : ['/health', healthCheckPath];

const defaultCacheControl = ({ ttlSeconds }: ImgproxyRules): string =>
  ttlSeconds > 0 ? `max-age=${ttlSeconds}, public` : 'no-cache';

/** What clients of the mounted version expect to be answered. */
export function imgproxyReplies(settings: ImgproxySettings): ReplyStyle {
  const rules = rulesOf(settings);
  return rules.compat === 'v1' ? v1Replies(rules) : v4Replies(rules);
}
