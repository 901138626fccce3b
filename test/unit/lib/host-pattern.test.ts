import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseHostPattern } from '../../../src/lib/host-pattern.ts';

/** Matches a pattern against the host of a URL, as the guard does. */
function matches(pattern: string, url: string): boolean {
  const parsed = parseHostPattern(pattern);
  assert.ok(parsed !== null, `${pattern} is a pattern`);
  const { hostname, port, protocol } = new URL(url);
  return parsed.matches({ hostname, port: port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port) });
}

const matching: readonly [string, string][] = [
  ['example.com', 'http://example.com/'],
  ['example.com', 'https://example.com:8443/'],
  ['EXAMPLE.com', 'http://eXample.COM/'],
  ['example.com', 'http://example.com./'],
  ['example.com.', 'http://example.com/'],
  ['example.com', 'http://user:password@example.com/'],
  ['example.com:8080', 'http://example.com:8080/'],
  ['example.com:80', 'http://example.com/'],
  ['example.com:443', 'https://example.com/'],
  ['*.example.com', 'http://a.example.com/'],
  ['*.example.com', 'http://a.b.example.com./'],
  ['*.example.com:81', 'http://a.example.com:81/'],
  ['bücher.example', 'http://xn--bcher-kva.example/'],
  ['xn--bcher-kva.example', 'http://BÜCHER.example/'],
  ['127.0.0.1', 'http://0x7f.1/'],
  ['127.0.0.1:9000', 'http://2130706433:9000/'],
  ['127.0.0.1', 'http://[::ffff:127.0.0.1]/'],
  ['[::ffff:10.1.2.3]:81', 'http://10.1.2.3:81/'],
  ['::ffff:10.1.2.3', 'http://[::ffff:a01:203]/'],
  ['[::1]', 'http://[0:0:0:0:0:0:0:1]/'],
  ['::1', 'http://[::1]:99/'],
  ['[::1]:99', 'http://[::1]:99/'],
  ['10.0.0.0/8', 'http://10.255.1.2:8080/'],
  ['10.1.2.3/8', 'http://10.255.1.2/'],
  ['10.0.0.0/8', 'http://[::ffff:10.1.2.3]/'],
  ['2001:db8::/32', 'http://[2001:db8::7]/'],
];

const notMatching: readonly [string, string][] = [
  ['example.com', 'http://evilexample.com/'],
  ['example.com', 'http://example.com.evil.test/'],
  ['example.com', 'http://a.example.com/'],
  ['example.com', 'http://example.com@evil.test/'],
  ['example.com', 'http://example.com:80@evil.test/'],
  ['example.com', 'http://evil.test/example.com'],
  ['example.com', 'http://evil.test#example.com'],
  ['example.com:8080', 'http://example.com/'],
  ['example.com:80', 'https://example.com/'],
  ['*.example.com', 'http://example.com/'],
  ['*.example.com', 'http://evilexample.com/'],
  ['*.example.com', 'http://a.example.com.evil.test/'],
  ['*.example.com', 'http://a.example.com@evil.test/'],
  ['*.0.0.example', 'http://127.0.0.1/'],
  ['127.0.0.1', 'http://127.0.0.11/'],
  ['[::1]:99', 'http://[::1]/'],
  ['::1', 'http://[::ffff:127.0.0.1]/'],
  ['10.0.0.0/8', 'http://11.0.0.1/'],
  ['10.0.0.0/8', 'http://10.0.0.1.example.com/'],
  ['2001:db8::/32', 'http://10.0.0.1/'],
];

for (const [pattern, url] of matching) {
  test(`${pattern} matches ${url}`, () => assert.equal(matches(pattern, url), true));
}
for (const [pattern, url] of notMatching) {
  test(`${pattern} does not match ${url}`, () => assert.equal(matches(pattern, url), false));
}

for (const text of [
  '',
  ' ',
  '*',
  '*.',
  'a*b.test',
  '*c.test',
  'http://a.test',
  'a.test/x',
  'a@b.test',
  'a.test:0',
  'a.test:99999',
  'a.test:',
  'a b',
  '[::1',
  '*.127.0.0.1',
  '*.[::1]',
  '300.1.1.1',
  '?',
  'a\\b',
]) {
  test(`${JSON.stringify(text)} is no pattern`, () => assert.equal(parseHostPattern(text), null));
}

test('a wildcard matches exactly the names that end with a dot and its base', () => {
  const label = fc.stringMatching(/^[a-z]([a-z0-9-]{0,6}[a-z0-9])?$/);
  const name = fc.array(label, { minLength: 1, maxLength: 4 }).map((labels) => labels.join('.'));
  fc.assert(
    fc.property(name, fc.string({ unit: fc.constantFrom('a', '.', 'x'), maxLength: 6 }), (base, front) => {
      const pattern = parseHostPattern(`*.${base}`);
      assert.ok(pattern !== null);
      const hostname = front + base;
      assert.equal(pattern.matches({ hostname, port: 80 }), front.length > 1 && front.endsWith('.'));
    }),
  );
});
