import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PictorError } from '../../../src/core/errors.ts';
import type { Reply } from '../../../src/http/messages.ts';
import { createMountReplies, type ImageDelivery, mergeVary } from '../../../src/http/mount-replies.ts';
import type { MountPolicy, ReplyStyle } from '../../../src/request/dialect.ts';

const policy: MountPolicy = {
  signature: null,
  age: { ttlSeconds: 60, passthrough: false, obeyPrivate: false, expires: false },
  etag: true,
  lastModified: true,
  disposition: true,
  gzipLevel: 0,
  allowedSources: [],
};
const style: ReplyStyle = {
  errors: { SIGNATURE_INVALID: { status: 403, body: 'Forbidden' } },
  otherwise: 'catalogue',
  contentType: 'text/plain',
  headers: { Server: 'imgproxy' },
  routes: [
    {
      path: '/health',
      status: 200,
      contentType: 'text/plain',
      body: 'running',
      headers: { 'Cache-Control': 'no-cache' },
    },
    { path: '/.well-known/', below: true, status: 404, contentType: 'text/plain', body: ' ' },
  ],
  head: 'as-get',
  options: { status: 200, body: ' ' },
};
const extensionOf = (mediaType: string) => mediaType.slice('image/'.length);
const replies = createMountReplies({ policy, style, extensionOf });

const facts: ImageDelivery = {
  image: {
    body: new Uint8Array([1, 2, 3]),
    mediaType: 'image/webp',
    etag: 'abc',
    key: '00',
    shareable: true,
    lastModified: 'Sun, 06 Nov 1994 08:49:37 GMT',
    width: 1,
    height: 1,
    cache: 'hit',
    freshUntil: 0,
  },
  delivery: { vary: ['Accept'] },
  source: 'https://example.com/cat.jpg',
  requestId: 'id-1',
  now: Date.UTC(2026, 0, 1),
};

/** Headers as an object; a name that is sent twice is a defect here. */
function headersOf(reply: Reply): Record<string, string> {
  const headers: Record<string, string> = {};
  for (let index = 0; index < reply.headers.length; index += 2) {
    const name = reply.headers[index]!.toLowerCase();
    assert.equal(headers[name], undefined, `${name} twice`);
    headers[name] = reply.headers[index + 1]!;
  }
  return headers;
}

const csp = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox";
const always = {
  'x-content-type-options': 'nosniff',
  'content-security-policy': csp,
  server: 'imgproxy',
  'x-request-id': 'id-1',
};

test('a picture: everything a client, a cache and a browser need', () => {
  const reply = replies.image(facts);
  assert.equal(reply.status, 200);
  assert.equal(reply.body, facts.image.body);
  assert.deepEqual(headersOf(reply), {
    ...always,
    'cache-control': 'max-age=60, public',
    etag: '"abc"',
    'last-modified': 'Sun, 06 Nov 1994 08:49:37 GMT',
    vary: 'Accept',
    'content-type': 'image/webp',
    'accept-ranges': 'bytes',
    'content-disposition': 'inline; filename="cat.webp"',
  });
});

test('a picture the client holds: 304 with the headers a cache updates, nothing about a body', () => {
  const reply = replies.image({ ...facts, image: { ...facts.image, body: null } });
  assert.equal(reply.status, 304);
  assert.equal(reply.body, null);
  assert.deepEqual(headersOf(reply), {
    ...always,
    'cache-control': 'max-age=60, public',
    etag: '"abc"',
    'last-modified': 'Sun, 06 Nov 1994 08:49:37 GMT',
    vary: 'Accept',
  });
});

test('what the policy leaves out is not sent', () => {
  const bare = createMountReplies({
    policy: { ...policy, etag: false, lastModified: false, disposition: false },
    style: { ...style, headers: {} },
    extensionOf,
  });
  const headers = headersOf(bare.image({ ...facts, delivery: { vary: [] } }));
  for (const name of ['etag', 'last-modified', 'content-disposition', 'vary', 'server'])
    assert.equal(headers[name], undefined);
});

test('the dialect has the last word on a header of every reply', () => {
  const own = {
    'content-security-policy': "default-src 'self'",
    'Access-Control-Allow-Origin': 'https://own.test',
  };
  const cors = { origin: '*', methods: 'GET, OPTIONS' };
  const mount = createMountReplies({
    policy: { ...policy, cors },
    style: { ...style, headers: own },
    extensionOf,
  });
  const headers = headersOf(mount.image(facts));
  assert.equal(headers['content-security-policy'], "default-src 'self'");
  assert.equal(headers['access-control-allow-origin'], 'https://own.test');
  assert.equal(headers['access-control-allow-methods'], 'GET, OPTIONS');
});

test('CORS and security headers are on errors, fixed answers and OPTIONS as well', () => {
  const cors = { origin: 'https://x.test', methods: 'GET, OPTIONS' };
  const mount = createMountReplies({ policy: { ...policy, cors }, style, extensionOf });
  const route = mount.routeFor('/health')!;
  for (const reply of [
    mount.error(new PictorError('SIGNATURE_INVALID'), { requestId: 'id-1' }),
    mount.fixed(route, 'id-1'),
    mount.options('id-1')!,
  ]) {
    const headers = headersOf(reply);
    assert.equal(headers['access-control-allow-origin'], 'https://x.test');
    assert.equal(headers['access-control-allow-methods'], 'GET, OPTIONS');
    assert.equal(headers['x-content-type-options'], 'nosniff');
    assert.equal(headers['x-request-id'], 'id-1');
  }
});

test('a style may have them found with escapes resolved, once', () => {
  const decoding = createMountReplies({
    policy,
    style: { ...style, routesDecoded: true, metricsPath: '/metrics' },
    extensionOf,
  });
  assert.equal(decoding.routeFor('/%68ealth')?.status, 200);
  assert.equal(decoding.routeFor('/%2568ealth'), null);
  assert.equal(decoding.routeFor('/%zz'), null);
  assert.deepEqual(['/m%65trics', '/metrics', '/metrics/'].map(decoding.isMetrics), [true, true, false]);
  assert.equal(replies.isMetrics('/metrics'), false);
});

test('fixed answers are found by exact path, or below a prefix where they say so', () => {
  assert.equal(replies.routeFor('/health')?.status, 200);
  assert.equal(replies.routeFor('/health/'), null);
  assert.equal(replies.routeFor('/.well-known/security.txt')?.status, 404);
  assert.equal(replies.routeFor('/.well-known'), null);
  assert.equal(replies.routeFor('/%68ealth'), null);
  const reply = replies.fixed(replies.routeFor('/health')!, 'id-1');
  assert.deepEqual(headersOf(reply), {
    ...always,
    'content-type': 'text/plain',
    'cache-control': 'no-cache',
  });
  assert.equal(reply.body, 'running');
});

test('headers of pictures win over those of every reply, and stand on no other', () => {
  const own = { 'Content-Security-Policy': "script-src 'none'", 'X-Own': 'yes' };
  const mount = createMountReplies({
    policy,
    style: { ...style, imageHeaders: own, options: 'as-get' },
    extensionOf,
  });
  const headers = headersOf(mount.image(facts));
  assert.equal(headers['content-security-policy'], "script-src 'none'");
  assert.equal(headers['x-own'], 'yes');
  assert.equal(headersOf(mount.error(new PictorError('BUSY'), { requestId: 'x' }))['x-own'], undefined);
  assert.equal(mount.options('x'), null);
});

test('HEAD and OPTIONS as the style has them', () => {
  assert.equal(replies.head('x'), null);
  assert.deepEqual([replies.options('x')?.status, replies.options('x')?.body], [200, ' ']);
  const blunt = createMountReplies({
    policy,
    style: { ...style, head: { status: 200, body: ' ' }, options: { status: 204, body: '' } },
    extensionOf,
  });
  assert.equal(blunt.head('x')?.status, 200);
  assert.equal(blunt.options('x')?.body, null);
});

test('gzip of a mount is announced in Vary, each name once', () => {
  const zipping = createMountReplies({ policy: { ...policy, gzipLevel: 5 }, style, extensionOf });
  assert.equal(headersOf(zipping.image(facts)).vary, 'Accept, Accept-Encoding');
  assert.equal(mergeVary(['Accept', 'accept'], ['ACCEPT', 'Width']), 'Accept, Width');
  assert.equal(mergeVary(['Accept', '*'], []), '*');
  assert.equal(mergeVary([], ['Accept-Encoding']), 'Accept-Encoding');
  assert.equal(mergeVary([], []), '');
});
