import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import { PictorError } from '../../../src/core/errors.ts';
import type { MountPolicy, SignaturePolicy } from '../../../src/request/dialect.ts';
import { createAuthoriser } from '../../../src/service/authorise.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
const open: MountPolicy = {
  signature: null,
  age: { ttlSeconds: 60, passthrough: false, obeyPrivate: true, expires: false },
  etag: true,
  lastModified: true,
  disposition: true,
  gzipLevel: 0,
  allowedSources: [],
};
const signed = (more: Partial<SignaturePolicy> = {}): MountPolicy => ({
  ...open,
  signature: {
    pairs: [{ key: bytes('test-key'), salt: bytes('test-salt') }],
    size: 32,
    trusted: [],
    ...more,
  },
});
const refuses = (code: string) => (thrown: unknown) => thrown instanceof PictorError && thrown.code === code;
const hmac = (message: string, signature: string) => ({ type: 'hmac', message, signature }) as const;

test('accepts the right signature and refuses everything near it', () => {
  const { grant } = createAuthoriser(signed());
  const right = 'oWaL7QoW5TsgbuiS9-5-DI8S3Ibbo1gdB2SteJh3a20';
  grant(hmac('/asd', right));
  for (const wrong of [
    '',
    right.slice(0, 11),
    `${right}=`,
    `${right}A`,
    `${right.slice(0, -2)}AA`,
    'unsafe',
    `${right} `,
    right.toLowerCase(),
  ]) {
    assert.throws(() => grant(hmac('/asd', wrong)), refuses('SIGNATURE_INVALID'), wrong);
  }
  assert.throws(() => grant(hmac('/asd/', right)), refuses('SIGNATURE_INVALID'));
  assert.throws(() => grant({ type: 'none' }), refuses('SIGNATURE_INVALID'));
});

test('a shorter size compares that many leading bytes and nothing else', () => {
  const { grant } = createAuthoriser(signed({ size: 8 }));
  grant(hmac('/asd', 'oWaL7QoW5Ts'));
  assert.throws(
    () => grant(hmac('/asd', 'oWaL7QoW5TsgbuiS9-5-DI8S3Ibbo1gdB2SteJh3a20')),
    refuses('SIGNATURE_INVALID'),
  );
});

test('any pair may match; a trusted text needs no key', () => {
  const second = { key: bytes('k2'), salt: bytes('s2') };
  const { grant } = createAuthoriser(
    signed({ pairs: [{ key: bytes('k1'), salt: bytes('s1') }, second], trusted: ['anyone'] }),
  );
  grant(hmac('/x', createHmac('sha256', second.key).update(second.salt).update('/x').digest('base64url')));
  grant(hmac('/x', 'anyone'));
  assert.throws(() => grant(hmac('/x', 'anyon')), refuses('SIGNATURE_INVALID'));
});

test('without a policy no signature is asked for', () => {
  createAuthoriser(open).grant({ type: 'none' });
});

test('the secret must match to the letter', () => {
  const { secret } = createAuthoriser({ ...open, secret: 's3cret' });
  secret('Bearer s3cret');
  for (const wrong of [undefined, '', 's3cret', 'Token s3cret', 'bearer s3cret', 'Bearer s3cret ']) {
    assert.throws(() => secret(wrong), refuses('SECRET_INVALID'));
  }
});

test('allowed sources are anchored and a star stops at a slash', () => {
  const { source } = createAuthoriser({ ...open, allowedSources: ['local://', 'http://*.mycdn.dev/'] });
  source('http://a-1.b-2.mycdn.dev/x');
  source('local:///a.png');
  for (const wrong of [
    'http://other.dev/.mycdn.dev/x',
    's3://images/x',
    'xhttp://a.mycdn.dev/',
    'http://a.mycdnxdev/',
    'http://evil.test?.mycdn.dev/x',
    'http://evil.test#.mycdn.dev/x',
    'http://evil.test\\.mycdn.dev/x',
    'http://user@evil.test?a@x.mycdn.dev/x',
  ]) {
    assert.throws(() => source(wrong), refuses('SOURCE_NOT_ALLOWED'), wrong);
  }
});

test('redirects are held to the allowed sources; user and password are no part of them', () => {
  assert.equal(createAuthoriser(open).visits, undefined);
  const { visits } = createAuthoriser({
    ...open,
    allowedSources: ['http://*.mycdn.dev/', 'https://user:pass@private.dev/images/'],
  });
  for (const [url, allowed] of [
    ['http://a.mycdn.dev/x', true],
    ['https://private.dev/images/x', true],
    ['https://private.dev/other/x', false],
    ['http://evil.test/', false],
  ] as const) {
    assert.equal(visits?.allows(url), allowed, url);
  }
});
