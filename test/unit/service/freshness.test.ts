import assert from 'node:assert/strict';
import { test } from 'node:test';
import { freshnessOf, renewed } from '../../../src/service/freshness.ts';

const settings = {
  defaultSeconds: 300,
  minSeconds: 0,
  staleWhileRevalidateSeconds: 60,
  staleIfErrorSeconds: 86_400,
};
const now = Date.parse('2026-01-01T00:00:00Z');
const date = new Date(now).toUTCString();

const rows: readonly [
  headers: Record<string, string>,
  fresh: number,
  stale: number,
  error: number,
  storable: boolean,
][] = [
  [{}, 300, 60, 86_400, true],
  [{ 'last-modified': 'Mon, 01 Jan 2001 00:00:00 GMT' }, 300, 60, 86_400, true],
  [{ 'cache-control': 'max-age=60' }, 60, 60, 86_400, true],
  [{ 'cache-control': 'max-age=60', age: '20' }, 40, 60, 86_400, true],
  [{ 'cache-control': 'max-age=60, s-maxage=10' }, 10, 0, 0, true],
  [{ 'cache-control': 'public, max-age=60, stale-while-revalidate=5, stale-if-error=7' }, 60, 5, 7, true],
  [{ 'cache-control': 'max-age=60, must-revalidate' }, 60, 0, 0, true],
  [{ 'cache-control': 'no-cache' }, 0, 0, 0, true],
  [{ 'cache-control': 'no-store' }, 0, 0, 0, false],
  [{ 'cache-control': 'private, max-age=60' }, 0, 0, 0, false],
  [{ expires: new Date(now + 90_000).toUTCString(), date }, 90, 60, 86_400, true],
  [{ expires: '0', date }, 0, 60, 86_400, true],
  [{ vary: '*', 'cache-control': 'max-age=60' }, 0, 60, 86_400, true],
];

for (const [headers, fresh, stale, error, storable] of rows) {
  test(`RFC 9111: ${JSON.stringify(headers)} is fresh for ${fresh} s`, () => {
    const result = freshnessOf({ status: 200, headers }, now, settings);
    assert.equal(result.freshUntil - now, fresh * 1000);
    assert.equal(result.staleUntil - result.freshUntil, stale * 1000);
    assert.equal(result.errorUntil - result.freshUntil, error * 1000);
    assert.equal(result.storable, storable);
  });
}

test('a lower bound lengthens short ages but never makes no-store storable', () => {
  const bounded = { ...settings, minSeconds: 120 };
  assert.equal(
    freshnessOf({ status: 200, headers: { 'cache-control': 'max-age=1' } }, now, bounded).freshUntil - now,
    120_000,
  );
  assert.equal(
    freshnessOf({ status: 200, headers: { 'cache-control': 'no-store' } }, now, bounded).storable,
    false,
  );
});

test('a 304 renews headers but not those of the body (RFC 9111 section 3.2)', () => {
  const stored = {
    status: 200,
    headers: { etag: '"a"', 'content-length': '10', 'cache-control': 'max-age=1', age: '5' },
  };
  const result = renewed(stored, {
    status: 304,
    headers: { 'content-length': '0', 'cache-control': 'max-age=9' },
  });
  assert.deepEqual(result, {
    status: 200,
    headers: { etag: '"a"', 'content-length': '10', 'cache-control': 'max-age=9' },
  });
});
