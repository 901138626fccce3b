import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatHttpDate, parseHttpDate } from '../../../src/lib/http-date.ts';

const example = Date.UTC(1994, 10, 6, 8, 49, 37);
const now = Date.UTC(2026, 10, 22);

test('reads the three forms of RFC 9110 section 5.6.7', () => {
  assert.equal(parseHttpDate('Sun, 06 Nov 1994 08:49:37 GMT', now), example);
  assert.equal(parseHttpDate('Sunday, 06-Nov-94 08:49:37 GMT', now), example);
  assert.equal(parseHttpDate('Sun Nov  6 08:49:37 1994', now), example);
});

test('takes a two-digit year that lies more than 50 years ahead for the past', () => {
  assert.equal(parseHttpDate('Friday, 01-Jan-76 00:00:00 GMT', now), Date.UTC(2076, 0, 1));
  assert.equal(parseHttpDate('Friday, 01-Jan-77 00:00:00 GMT', now), Date.UTC(1977, 0, 1));
});

test('refuses what is no HTTP date', () => {
  for (const text of [
    '',
    '0',
    '-1',
    'Sun, 06 Nov 1994 08:49:37',
    'Sun, 06 Nov 1994 08:49:37 +0000',
    'Sun, 6 Nov 1994 08:49:37 GMT',
    'Sun, 31 Feb 1994 08:49:37 GMT',
    'Sun, 06 Nov 1994 24:00:00 GMT',
    'Sun, 06 Nix 1994 08:49:37 GMT',
    '1994-11-06T08:49:37Z',
  ]) {
    assert.equal(parseHttpDate(text, now), null, text);
  }
});

test('reads back every second it writes', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 253_402_300_799 }), (second) => {
      assert.equal(parseHttpDate(formatHttpDate(second * 1000)), second * 1000);
    }),
  );
});
