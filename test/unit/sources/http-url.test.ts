import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseHttpUrl, resolveLocation } from '../../../src/sources/http-url.ts';

const read: readonly [url: string, origin: string, path: string][] = [
  ['http://a.test', 'http://a.test', '/'],
  ['HTTP://A.Test:80/X', 'http://a.test', '/X'],
  ['https://a.test:443/x', 'https://a.test', '/x'],
  ['http://a.test:8080?q', 'http://a.test:8080', '/?q'],
  ['http://a.test//b//c', 'http://a.test', '//b//c'],
  ['http://a.test/b%2Fc%20d%zz%', 'http://a.test', '/b%2Fc%20d%zz%'],
  ['http://a.test/b%2fc', 'http://a.test', '/b%2fc'],
  ['http://a.test/a/../b/./c/%2e%2e/d', 'http://a.test', '/a/../b/./c/%2e%2e/d'],
  ["http://a.test/!$&'()*+,;=:@[]~", 'http://a.test', "/!$&'()*+,;=:@[]~"],
  ['http://a.test/a b\tc', 'http://a.test', '/a%20b%09c'],
  ['http://a.test/x\r\nHost: evil', 'http://a.test', '/x%0D%0AHost:%20evil'],
  ['http://a.test/bücher/猫.jpg?ü=é', 'http://a.test', '/b%C3%BCcher/%E7%8C%AB.jpg?%C3%BC=%C3%A9'],
  ['http://a.test/\ud800x', 'http://a.test', '/%EF%BF%BDx'],
  ['http://a.test/"<>{}|^`\\', 'http://a.test', '/%22%3C%3E%7B%7D%7C%5E%60%5C'],
  ['http://a.test/x?a=1&b={}|?/%2F#top', 'http://a.test', '/x?a=1&b={}|?/%2F'],
  ['http://a.test#top', 'http://a.test', '/'],
  ['http://a.test/x?', 'http://a.test', '/x?'],
  ['http://BÜCHER.example/', 'http://xn--bcher-kva.example', '/'],
  ['http://0x7f.1:81/', 'http://127.0.0.1:81', '/'],
  ['http://[::FFFF:127.0.0.1]/', 'http://[::ffff:7f00:1]', '/'],
];
for (const [url, origin, path] of read) {
  test(`reads ${JSON.stringify(url)}`, () => {
    const target = parseHttpUrl(url);
    assert.deepEqual([target?.origin, target?.path], [origin, path]);
  });
}

const unreadable = [
  '',
  'a.test/x',
  '/x',
  '//a.test/x',
  'ftp://a.test/',
  'file:///etc/passwd',
  'javascript:alert(1)',
  'http:',
  'http://',
  'http:///x',
  'http:/a.test/x',
  'http:a.test',
  ' http://a.test/',
  'http://a b/',
  'http://a\tb.test/',
  'http://a.test\\@evil.test/',
  'http://a.test\\x',
  'http://[fe80::1%25eth0]/',
  'http://[::1/',
  'http://256.1.1.1/',
  'http://1.2.3.4.5/',
  'http://a.test:99999/',
  'http://:80/',
  'http://u%zz@a.test/',
  'http://%00/',
  'data:image/png;base64,AAAA',
];
for (const url of unreadable) {
  test(`does not read ${JSON.stringify(url)}`, () => assert.equal(parseHttpUrl(url), null));
}

test('user-info becomes Basic authorization and never part of the host', () => {
  const target = parseHttpUrl('http://example.com:80@evil.test/x');
  assert.equal(target?.hostname, 'evil.test');
  assert.equal(target?.authorization, `Basic ${Buffer.from('example.com:80').toString('base64')}`);
  assert.equal(
    parseHttpUrl('http://%75ser:p%3Aw@a.test/')?.authorization,
    `Basic ${Buffer.from('user:p:w').toString('base64')}`,
  );
  assert.equal(parseHttpUrl('http://a.test/')?.authorization, null);
});

test('the host is the one WHATWG parsing finds, and the request line is printable ASCII, whatever the text', () => {
  const text = fc.string({
    unit: fc.oneof(
      fc.constantFrom('@', ':', '/', '\\', '?', '#', '.', '%', ' ', '\n', 'a', '1'),
      fc.string({ unit: 'binary', maxLength: 1 }),
    ),
    maxLength: 20,
  });
  fc.assert(
    fc.property(text, (rest) => {
      const url = `http://${rest}`;
      const target = parseHttpUrl(url);
      if (target === null) return;
      assert.equal(target.hostname, new URL(url).hostname);
      assert.match(target.path, /^\/[\x21-\x7e]*$/);
    }),
    { numRuns: 2000 },
  );
});

const from = parseHttpUrl('https://a.test:444/dir/page?q=1')!;
const locations: readonly [location: string, url: string | null][] = [
  ['http://b.test/x', 'http://b.test/x'],
  ['HTTPS://b.test//x%2Fy', 'HTTPS://b.test//x%2Fy'],
  ['//b.test/x', 'https://b.test/x'],
  ['/x//y%2F', 'https://a.test:444/x//y%2F'],
  ['x.jpg', 'https://a.test:444/dir/x.jpg'],
  ['../x.jpg', 'https://a.test:444/x.jpg'],
  ['?q=2', 'https://a.test:444/dir/page?q=2'],
  ['#top', 'https://a.test:444/dir/page?q=1#top'],
  ['/caf\xc3\xa9.jpg', 'https://a.test:444/caf%C3%A9.jpg'],
  ['/caf\xe9.jpg', 'https://a.test:444/caf%E9.jpg'],
  ['', null],
  ['  ', null],
  ['ftp://b.test/x', null],
  ['file:///etc/passwd', null],
  ['gopher://127.0.0.1:11211/_x', null],
  ['data:image/png,x', null],
  ['http:/b.test/', null],
];
for (const [location, url] of locations) {
  test(`Location ${JSON.stringify(location)} leads to ${url}`, () =>
    assert.equal(resolveLocation(location, from), url));
}
