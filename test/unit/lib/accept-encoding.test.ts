import assert from 'node:assert/strict';
import { test } from 'node:test';
import { acceptsEncoding } from '../../../src/lib/accept-encoding.ts';

const table: readonly (readonly [string | undefined, boolean])[] = [
  [undefined, false],
  ['', false],
  ['gzip', true],
  ['GZIP', true],
  ['br, gzip', true],
  ['br;q=1.0, gzip;q=0.8, *;q=0.1', true],
  ['gzip;q=0', false],
  ['gzip; q=0.000', false],
  ['gzip ; q=0.001', true],
  ['*', true],
  ['*;q=0', false],
  ['gzip;q=0, *', false],
  ['*, gzip;q=0', false],
  ['identity', false],
  ['x-gzip', false],
  ['gzip;q=nonsense', false],
];

for (const [header, expected] of table) {
  test(`gzip ${expected ? 'is' : 'is not'} allowed by ${JSON.stringify(header)}`, () => {
    assert.equal(acceptsEncoding(header, 'gzip'), expected);
  });
}
