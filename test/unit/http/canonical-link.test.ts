import assert from 'node:assert/strict';
import { test } from 'node:test';
import { canonicalLink } from '../../../src/http/canonical-link.ts';

for (const [source, link] of [
  ['https://example.com/a b.png?x=<y>', '<https://example.com/a%20b.png?x=%3Cy%3E>; rel="canonical"'],
  ['http://example.com/ä.png', '<http://example.com/%C3%A4.png>; rel="canonical"'],
  ['http://user:pw@example.com/a.png', null],
  ['local:///a.png', null],
  ['s3://bucket/a.png', null],
] as const) {
  test(`${source} gives ${link}`, () => assert.equal(canonicalLink(source), link));
}
