import type { ReplyStyle } from '../../request/dialect.ts';

const text = 'text/plain; charset=utf-8';
const missing = { status: 404, body: '' };

/**
 * Whatever cannot be shown is missing, with an empty body: the error image stands in its place where there is one. What
 * says nothing about the picture (a full queue, a server that stops) is told as it is.
 */
const errors: ReplyStyle['errors'] = {
  NOT_FOUND: { status: 404, body: '404 page not found\n' },
  URL_INVALID: { status: 404, body: '404 page not found\n' },
  BUSY: { status: 503, body: 'Service Unavailable\n' },
  SHUTTING_DOWN: { status: 503, body: 'Service Unavailable\n' },
  CANCELLED: { status: 499, body: '' },
  INTERNAL: { status: 500, body: 'Internal Server Error\n' },
};

/** Statuses and texts. */
export const s3imageserverReplies = (): ReplyStyle => ({
  errors,
  otherwise: missing,
  contentType: text,
  headers: {},
  routes: [],
  head: 'as-get',
  options: 'as-get',
});
