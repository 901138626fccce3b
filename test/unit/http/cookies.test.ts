import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createCookieRule } from '../../../src/http/cookies.ts';
import type { HttpRequest } from '../../../src/http/messages.ts';

const request = (headers: HttpRequest['headers']): HttpRequest => ({
  headers: { host: 'img.example.com:8080', cookie: 'a=1', ...headers },
  httpVersionMajor: 1,
  socket: {},
});

const goesTo = (rule: ReturnType<typeof createCookieRule>, source: string, headers = {}): boolean =>
  rule(request(headers), source).cookies !== undefined;

test('they belong to the host the client asked, as a proxy tells it', () => {
  const rule = createCookieRule({ everywhere: false });
  assert.ok(goesTo(rule, 'http://img.example.com/a.png'));
  assert.ok(goesTo(rule, 'https://IMG.example.com:9000/a.png'));
  for (const other of [
    'http://example.com/',
    'http://evil-img.example.com/',
    'http://img.example.com.evil/',
    'local:///a',
  ])
    assert.equal(goesTo(rule, other), false, other);
  const forwarded = { 'x-forwarded-host': 'shop.example, inner', 'x-forwarded-proto': 'https' };
  assert.ok(goesTo(rule, 'https://shop.example/a.png', forwarded));
  assert.equal(goesTo(rule, 'http://shop.example/a.png', forwarded), false, 'not over the open net');
  assert.equal(goesTo(rule, 'http://img.example.com/a.png', forwarded), false);
});

test('a configured site: its host, below its directory', () => {
  const rule = createCookieRule({ everywhere: false, site: 'https://example.com/private/index.html' });
  assert.ok(goesTo(rule, 'https://example.com/private/a.png?x'));
  assert.equal(goesTo(rule, 'https://example.com/privately/a.png'), false);
  assert.equal(goesTo(rule, 'https://example.com/a.png'), false);
  assert.equal(goesTo(rule, 'https://img.example.com/private/a.png'), false);
});

test('everywhere: to the host of the source, and not on from there', () => {
  const { cookies } = createCookieRule({ everywhere: true })(request({}), 'http://other.test/x/a.png');
  assert.ok(cookies?.goTo('https://other.test/'));
  assert.equal(cookies?.goTo('http://third.test/'), false);
});

test('who sends the same shares an answer, who sends another one does not', () => {
  const rule = createCookieRule({ everywhere: true });
  const name = (cookie: string) => rule(request({ cookie }), 'http://other.test/').cookies?.name;
  assert.equal(name('a=1'), name('a=1'));
  assert.notEqual(name('a=1'), name('a=2'));
});

test('without cookies the source is one that cookies would go to', () => {
  const rule = createCookieRule({ everywhere: true });
  const { cookie: _, ...headers } = request({}).headers;
  const bare = { ...request({}), headers };
  assert.deepEqual(rule(bare, 'http://other.test/'), { applies: true });
  assert.deepEqual(rule(bare, 'local:///a'), { applies: false });
});
