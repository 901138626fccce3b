import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ErrorCode, errorCatalogue } from '../../../../src/core/errors.ts';
import { imgproxy } from '../../../../src/dialects/imgproxy/dialect.ts';
import { imgproxySettings } from '../../../../src/dialects/imgproxy/settings.ts';

const settings = (more: object = {}) => imgproxySettings.parse(more);
const v1 = (more: object = {}) => settings({ compat: 'v1', ...more });

/** imgproxy v1.1.8: the error table. */
const v1Table: readonly [status: number, body: string, codes: readonly ErrorCode[]][] = [
  [403, 'Forbidden', ['SECRET_INVALID']],
  [404, 'Invalid image url', ['URL_INVALID', 'OPTION_INVALID', 'SIGNATURE_INVALID', 'FORMAT_UNSUPPORTED']],
  [
    404,
    'Image is unreachable',
    ['SOURCE_INVALID', 'SOURCE_NOT_FOUND', 'SOURCE_FAILED', 'SOURCE_UNREACHABLE'],
  ],
  [404, 'Image is unreachable', ['SOURCE_TIMEOUT', 'SOURCE_TOO_LARGE', 'IMAGE_UNKNOWN', 'IMAGE_TOO_LARGE']],
  [422, "Method doesn't allowed", ['METHOD_NOT_ALLOWED']],
  [500, 'Error occurred while processing image', ['IMAGE_BROKEN', 'WORKER_CRASHED', 'OPERATION_IMPOSSIBLE']],
  [500, 'Internal error', ['INTERNAL']],
  [503, 'Timeout', ['TIMEOUT']],
];

/** imgproxy v4.0.12: the error table. */
const v4Table: readonly [status: number | 'upstream', body: string, codes: readonly ErrorCode[]][] = [
  [403, 'Forbidden', ['SIGNATURE_INVALID', 'SECRET_INVALID']],
  [
    403,
    'The signature appears to be a processing option. The signature section should always be present in the URL.',
    ['SIGNATURE_MISPLACED'],
  ],
  [403, 'Invalid URL', ['OPTION_FORBIDDEN']],
  [404, 'Invalid URL', ['URL_INVALID', 'OPTION_INVALID', 'EXPIRED']],
  [404, 'Invalid source URL', ['SOURCE_NOT_ALLOWED', 'SOURCE_ADDRESS_REFUSED']],
  [404, 'Source is unreachable', ['SOURCE_UNREACHABLE', 'SOURCE_INVALID', 'SOURCE_REDIRECTS']],
  ['upstream', 'Source is unreachable', ['SOURCE_NOT_FOUND', 'SOURCE_REFUSED']],
  [502, 'Source is unreachable', ['SOURCE_FAILED']],
  [504, 'Source is unreachable', ['SOURCE_TIMEOUT']],
  [422, 'Invalid source image', ['IMAGE_UNKNOWN', 'SOURCE_TOO_LARGE', 'IMAGE_TOO_LARGE']],
  [422, 'Source response is incomplete', ['SOURCE_TRUNCATED']],
  [422, 'Broken or unsupported image', ['IMAGE_BROKEN']],
  [422, 'Invalid URL', ['FORMAT_UNSUPPORTED']],
  [429, 'Too many requests', ['BUSY']],
  [499, 'Cancelled', ['CANCELLED']],
  [500, 'Internal error', ['INTERNAL', 'WORKER_CRASHED', 'STORE_FAILED']],
  [503, 'Timeout', ['TIMEOUT']],
  [404, ' ', ['METHOD_NOT_ALLOWED', 'NOT_FOUND']],
];

test('statuses and bodies of version 1', () => {
  const { errors, contentType } = imgproxy.replies(v1());
  for (const [status, body, codes] of v1Table) {
    for (const code of codes) assert.deepEqual(errors[code], { status, body }, code);
  }
  assert.equal(contentType, 'text/plain; charset=utf-8');
});

test('statuses and bodies of version 4', () => {
  const { errors, contentType } = imgproxy.replies(settings());
  for (const [status, body, codes] of v4Table) {
    for (const code of codes) {
      const { withoutError, ...usual } = errors[code]!;
      assert.deepEqual(usual, { status, body }, code);
      assert.equal(withoutError, code === 'SOURCE_FAILED' ? 404 : undefined);
    }
  }
  assert.equal(contentType, 'text/plain');
});

/** Codes of mounts that keep pictures: no imgproxy URL can come to them. */
const ofStorage = /^(STORAGE|UPLOAD)_|^OBJECT_NOT_FOUND$|^TOKEN_INVALID$/;

test('only what imgproxy never had is answered neutrally', () => {
  const neutral = (style: ReturnType<typeof imgproxy.replies>) =>
    (Object.keys(errorCatalogue) as ErrorCode[])
      .filter((code) => style.errors[code] === undefined && !ofStorage.test(code))
      .toSorted();
  assert.deepEqual(neutral(imgproxy.replies(settings())), [
    'CONTENT_TYPE_REFUSED',
    'LISTEN_FAILED',
    'OPERATION_IMPOSSIBLE',
    'RANGE_INVALID',
    'REFERRER_REFUSED',
    'SHUTTING_DOWN',
  ]);
  assert.deepEqual(neutral(imgproxy.replies(v1())), [
    'BUSY',
    'CANCELLED',
    'CONTENT_TYPE_REFUSED',
    'LISTEN_FAILED',
    'RANGE_INVALID',
    'REFERRER_REFUSED',
    'SHUTTING_DOWN',
  ]);
});

test('fixed answers of version 1: the health check, HEAD like GET, an empty OPTIONS', () => {
  const { routes, head, options, headers } = imgproxy.replies(v1());
  assert.deepEqual(
    routes.map(({ path, status, contentType, body }) => ({ path, status, contentType, body })),
    [{ path: '/health', status: 200, contentType: 'text/plain; charset=utf-8', body: 'imgproxy is running' }],
  );
  assert.equal(head, 'as-get');
  assert.deepEqual(options, { status: 200, body: '' });
  assert.deepEqual(headers, {});
});

test('fixed answers of version 4', () => {
  const { routes, head, options, headers } = imgproxy.replies(
    settings({ healthCheckPath: '/up', ttlSeconds: 60, fixedHead: true }),
  );
  const answers = new Map(routes.map((route) => [route.path, route]));
  for (const path of ['/health', '/up']) {
    assert.equal(answers.get(path)?.body, 'imgproxy is running');
    assert.deepEqual(answers.get(path)?.headers, { 'Cache-Control': 'no-cache' });
  }
  for (const path of ['', '/']) assert.equal(answers.get(path)?.contentType, 'text/html');
  assert.deepEqual(answers.get('/favicon.ico'), {
    path: '/favicon.ico',
    status: 404,
    contentType: 'text/plain',
    body: ' ',
  });
  assert.equal(answers.get('/.well-known/')?.below, true);
  const anything = { status: 200, body: ' ', headers: { 'Cache-Control': 'max-age=60, public' } };
  assert.deepEqual([head, options], [anything, anything]);
  assert.equal(imgproxy.replies(settings({})).head, 'as-get');
  assert.equal(headers.Server, 'imgproxy');
  assert.equal(
    headers['Content-Security-Policy'],
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox",
  );
  assert.equal(imgproxy.replies(settings({ serverName: '' })).headers.Server, undefined);
});

test('details of errors are shown when asked for only', () => {
  assert.equal(imgproxy.replies(settings()).showDetails, false);
  assert.equal(imgproxy.replies(v1({ developmentErrors: true })).showDetails, true);
});

test('policy by default: what each version sent', () => {
  assert.deepEqual(imgproxy.policy(settings()), {
    signature: null,
    open: ['/health', '', '/', '/favicon.ico', '/.well-known/*'],
    age: { ttlSeconds: 31_536_000, passthrough: false, obeyPrivate: true, expires: false },
    etag: true,
    lastModified: true,
    sourceValidators: { etagBuster: '' },
    disposition: true,
    gzipLevel: 0,
    allowedSources: [],
    clientHints: false,
    attachment: false,
    canonical: false,
    debugHeaders: false,
  });
  assert.deepEqual(imgproxy.policy(v1()), {
    signature: null,
    open: [],
    age: { ttlSeconds: 3600, passthrough: false, obeyPrivate: true, expires: true },
    etag: false,
    lastModified: false,
    disposition: false,
    gzipLevel: 0,
    allowedSources: [],
  });
});

test('policy as configured', () => {
  const policy = imgproxy.policy(
    v1({
      keys: [{ key: '00ff', salt: 'A0' }],
      signatureSize: 8,
      trustedSignatures: ['anyone'],
      secret: 's3cret',
      allowOrigin: 'https://x.test',
      ttlSeconds: 0,
      useEtag: true,
      useLastModified: true,
      cacheControlPassthrough: true,
      obeyPrivate: false,
      gzipLevel: 5,
      allowedSources: ['http://a/'],
    }),
  );
  assert.deepEqual(policy, {
    signature: {
      pairs: [{ key: Uint8Array.of(0, 255), salt: Uint8Array.of(160) }],
      size: 8,
      trusted: ['anyone'],
    },
    secret: 's3cret',
    open: [],
    cors: { origin: 'https://x.test', methods: 'GET, OPTIONs' },
    age: { ttlSeconds: 0, passthrough: true, obeyPrivate: false, expires: true },
    etag: true,
    lastModified: true,
    disposition: false,
    gzipLevel: 5,
    allowedSources: ['http://a/'],
  });
  assert.equal(imgproxy.policy(settings({ allowOrigin: '*' })).cors?.methods, 'GET, OPTIONS');
});

test('settings refuse keys that are no bytes, and names they do not know', () => {
  for (const key of ['', 'abc', 'zz', '0x00']) {
    assert.equal(imgproxySettings.safeParse({ keys: [{ key, salt: '00' }] }).success, false, key);
  }
  assert.equal(imgproxySettings.safeParse({ ttl: 60 }).success, false);
  assert.equal(imgproxySettings.safeParse({ signatureSize: 33 }).success, false);
});

test('policy of what version 4 has alone', () => {
  const configured = settings({
    etagBuster: 'b',
    lastModifiedBuster: '2022-01-01T00:00:00Z',
    cookiePassthroughAll: true,
    cookieBaseUrl: 'https://example.com/',
    fallbackImageStatus: 0,
    fallbackImageTtlSeconds: 9,
  });
  const policy = imgproxy.policy({ ...configured, assets: { fallback: 'asset:00' } });
  assert.deepEqual(policy.sourceValidators, {
    etagBuster: 'b',
    lastModifiedBuster: Date.UTC(2022, 0, 1),
  });
  assert.deepEqual(policy.cookies, { everywhere: true, site: 'https://example.com/' });
  assert.deepEqual(policy.fallback, { uri: 'asset:00', status: 0, ttlSeconds: 9 });
});

test('assets: of data, file and URL the first that is set', () => {
  const from = (more: object) => imgproxy.assets!(settings(more)).map(({ name, setting }) => [name, setting]);
  const all = { watermarkData: 'aa', watermarkPath: '/w', watermarkUrl: 'http://w/' };
  assert.deepEqual(from(all), [['watermark', 'watermarkData']]);
  assert.deepEqual(from({ ...all, watermarkData: '' }), [['watermark', 'watermarkPath']]);
  assert.deepEqual(from({ watermarkUrl: 'http://w/', fallbackImagePath: '/f' }), [
    ['watermark', 'watermarkUrl'],
    ['fallback', 'fallbackImagePath'],
  ]);
  assert.deepEqual(imgproxy.assets!(v1(all)), []);
});
