import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sourcesSettings } from '../../../src/sources/settings.ts';

test('nothing but public addresses by default, and no files', () => {
  const { http, file } = sourcesSettings.parse({});
  assert.deepEqual(
    [http.allowLoopback, http.allowLinkLocal, http.allowPrivate, http.insecureTls, http.allowUserInfo],
    [false, false, false, false, false],
  );
  assert.deepEqual(http.allowedHosts, []);
  assert.deepEqual([http.httpProxy, http.httpsProxy, http.noProxy, file.root], ['', '', '', '']);
  assert.ok(
    http.timeoutSeconds > 0 &&
      http.connectTimeoutSeconds > 0 &&
      http.headersTimeoutSeconds > 0 &&
      http.idleTimeoutSeconds > 0,
  );
});

test('a proxy may be written without a scheme, and must be an HTTP proxy', () => {
  const proxy = (httpProxy: string) =>
    sourcesSettings.safeParse({ http: { httpProxy } }).data?.http.httpProxy;
  assert.equal(proxy('proxy:3128'), 'http://proxy:3128');
  assert.equal(proxy('https://u:p@proxy:3128'), 'https://u:p@proxy:3128');
  assert.equal(proxy(' '), '');
  for (const wrong of ['socks5://proxy:1080', 'http://', 'a b', 'ftp://x'])
    assert.equal(proxy(wrong), undefined, wrong);
});

test('a host pattern that could never match is a mistake', () => {
  const allowed = (text: string) => sourcesSettings.safeParse({ http: { allowedHosts: [text] } }).success;
  for (const good of ['a.test', 'a.test:8080', '*.a.test', '10.0.0.1', '[::1]:80'])
    assert.equal(allowed(good), true, good);
  for (const bad of ['', 'http://a.test', '*', 'a.*', 'a.test/']) assert.equal(allowed(bad), false, bad);
});

test('unknown settings and a User-Agent that could not be sent are mistakes', () => {
  assert.equal(sourcesSettings.safeParse({ http: { allowPrivates: true } }).success, false);
  assert.equal(sourcesSettings.safeParse({ http: { userAgent: 'a\r\nb' } }).success, false);
});
