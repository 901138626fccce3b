import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
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
  assert.equal(createAuthoriser(open).visits('http://a.example/'), undefined);
  const visits = createAuthoriser({
    ...open,
    allowedSources: ['http://*.mycdn.dev/', 'https://user:pass@private.dev/images/'],
  }).visits('http://a.mycdn.dev/');
  for (const [url, allowed] of [
    ['http://a.mycdn.dev/x', true],
    ['https://private.dev/images/x', true],
    ['https://private.dev/other/x', false],
    ['http://evil.test/', false],
  ] as const) {
    assert.equal(visits?.allows(url), allowed, url);
  }
});

describe('lists of hosts', () => {
  const lists = { ...open, hosts: { allow: ['a.test', '10.0.0.0/8'], deny: ['evil.a.test', 'bad.test'] } };
  const allow = 'http://a.test/x.png';
  const other = 'http://other.test/x.png';

  test('without keys only hosts on the list, with keys also what is signed', () => {
    const { grant } = createAuthoriser(lists);
    grant({ type: 'none' }, allow);
    grant({ type: 'none' }, 'http://10.1.2.3:8080/x.png');
    assert.throws(() => grant({ type: 'none' }, other), refuses('SOURCE_NOT_ALLOWED'));
    assert.throws(() => grant({ type: 'none' }, 'http://ten.test/'), refuses('SOURCE_NOT_ALLOWED'));
    const keyed = createAuthoriser({ ...signed(), hosts: lists.hosts });
    keyed.grant({ type: 'none' }, allow);
    keyed.grant(hmac('/asd', 'oWaL7QoW5TsgbuiS9-5-DI8S3Ibbo1gdB2SteJh3a20'), other);
    assert.throws(() => keyed.grant(hmac('/asd', 'AAAA'), other), refuses('SIGNATURE_INVALID'));
  });

  test('any of several texts may have been signed', () => {
    const { grant } = createAuthoriser(signed());
    const right = 'oWaL7QoW5TsgbuiS9-5-DI8S3Ibbo1gdB2SteJh3a20';
    grant({ type: 'hmac', message: '/other', orMessages: ['/more', '/asd'], signature: right });
    assert.throws(
      () => grant({ type: 'hmac', message: '/other', orMessages: ['/more'], signature: right }),
      refuses('SIGNATURE_INVALID'),
    );
  });

  test('a denied host is refused, whatever else is said of it', () => {
    const { source } = createAuthoriser(lists);
    source(allow);
    assert.throws(() => source('http://bad.test:81/'), refuses('SOURCE_NOT_ALLOWED'));
    assert.throws(() => source('HTTP://user@BAD.test./'), refuses('SOURCE_NOT_ALLOWED'));
  });

  test('who came in by the list stays on it; nobody is led to a denied host', () => {
    const { visits } = createAuthoriser({ ...signed(), hosts: lists.hosts });
    assert.equal(visits(allow)?.allows(other), false);
    assert.equal(visits(allow)?.allows('http://10.0.0.1/'), true);
    assert.equal(visits(other)?.allows('http://third.test/'), true);
    assert.equal(visits(other)?.allows('http://bad.test/'), false);
    assert.notEqual(visits(allow)?.name, visits(other)?.name);
    assert.equal(createAuthoriser(open).visits(allow), undefined);
  });

  test('pages that may show the pictures', () => {
    const { referrer } = createAuthoriser({ ...open, referrers: ['a.test', '*.b.test'] });
    referrer('http://a.test/x');
    referrer('https://x.b.test:8443/');
    for (const wrong of [
      undefined,
      '',
      'a.test',
      'http://b.test/',
      'http://evilb.test/',
      'http://a.test.evil.test/',
    ])
      assert.throws(() => referrer(wrong), refuses('REFERRER_REFUSED'), wrong);
    createAuthoriser(open).referrer(undefined);
  });

  test('types of pictures: a glob for the whole of it that does not cross the slash', () => {
    const check = (contentTypes: string[], type: string) => {
      try {
        createAuthoriser({ ...open, contentTypes }).contentType(type);
        return true;
      } catch (thrown) {
        assert.ok(refuses('CONTENT_TYPE_REFUSED')(thrown));
        return false;
      }
    };
    assert.equal(check([], 'text/html'), true);
    assert.equal(check(['image/*'], 'image/jpeg'), true);
    assert.equal(check(['image/svg*'], 'image/svg+html'), true);
    assert.equal(check(['*'], 'image/png'), false);
    assert.equal(check(['text/plain'], 'text/plain+foo'), false);
    assert.equal(check(['image.png'], 'image/png'), false);
  });
});

describe('media types of imageproxy', () => {
  interface Row {
    readonly patterns: readonly string[];
    readonly type: string;
    readonly given: boolean;
  }
  const file = path.join(import.meta.dirname, '../../golden/dialects/imageproxy-http.json');
  const { types } = JSON.parse(readFileSync(file, 'utf8')) as { readonly types: readonly Row[] };
  for (const { patterns, type, given } of types) {
    test(`${JSON.stringify(patterns)} and ${type}`, () => {
      const check = () => createAuthoriser({ ...open, contentTypes: patterns }).contentType(type);
      if (given) check();
      else assert.throws(check, { code: 'CONTENT_TYPE_REFUSED' });
    });
  }
});
