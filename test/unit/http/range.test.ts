import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ifRangeHolds, readRange, withRange } from '../../../src/http/range.ts';

const table: readonly (readonly [string, ReturnType<typeof readRange>])[] = [
  ['bytes=0-0', { first: 0, last: 0 }],
  ['bytes=0-9', { first: 0, last: 9 }],
  ['bytes=2-4', { first: 2, last: 4 }],
  ['bytes=5-', { first: 5, last: 9 }],
  ['bytes=5-99', { first: 5, last: 9 }],
  ['bytes=-3', { first: 7, last: 9 }],
  ['bytes=-99', { first: 0, last: 9 }],
  ['Bytes=1-2', { first: 1, last: 2 }],
  ['bytes = 1 - 2', 'whole'],
  ['bytes=10-', 'unsatisfiable'],
  ['bytes=10-20', 'unsatisfiable'],
  ['bytes=-0', 'unsatisfiable'],
  ['bytes=99999999999999999999999999-', 'unsatisfiable'],
  ['bytes=0-99999999999999999999999999', { first: 0, last: 9 }],
  ['bytes=4-2', 'whole'],
  ['bytes=-', 'whole'],
  ['bytes=', 'whole'],
  ['bytes=a-b', 'whole'],
  ['bytes=1-2,4-5', 'whole'],
  ['bytes=0-,0-,0-', 'whole'],
  ['items=0-1', 'whole'],
  ['', 'whole'],
];
for (const [header, expected] of table) {
  test(`Range: ${header} of 10 bytes is ${JSON.stringify(expected)}`, () => {
    assert.deepEqual(readRange(header, 10), expected);
  });
}

test('nothing of an empty body can be had by range', () => {
  assert.equal(readRange('bytes=0-', 0), 'unsatisfiable');
  assert.equal(readRange('bytes=-1', 0), 'unsatisfiable');
});

const modified = 'Sun, 06 Nov 1994 08:49:37 GMT';

test('If-Range compares strongly', () => {
  const known = { etag: 'abc', lastModified: modified };
  assert.equal(ifRangeHolds('"abc"', known), true);
  assert.equal(ifRangeHolds(modified, known), true);
  for (const header of [
    'W/"abc"',
    '"abd"',
    'abc',
    '',
    'Sun, 06 Nov 1994 08:49:38 GMT',
    'Sun, 06 Nov 1994 08:49:36 GMT',
  ]) {
    assert.equal(ifRangeHolds(header, known), false, header);
  }
  assert.equal(ifRangeHolds('"abc"', {}), false);
  assert.equal(ifRangeHolds(modified, { etag: 'abc' }), false);
});

const whole = { status: 200, headers: ['ETag', '"abc"'], body: new TextEncoder().encode('0123456789') };
const text = (body: unknown) => new TextDecoder().decode(body as Uint8Array);

test('a part is answered 206 with its place and its bytes', () => {
  const part = withRange(whole, { range: 'bytes=2-4' }, { etag: 'abc' });
  assert.equal(part.status, 206);
  assert.deepEqual(part.headers, ['ETag', '"abc"', 'Content-Range', 'bytes 2-4/10']);
  assert.equal(text(part.body), '234');
});

test('a part outside is answered 416 with the size, and nothing of the picture', () => {
  const headers = [
    'X-Request-ID',
    'id',
    'Cache-Control',
    'max-age=60',
    'Content-Type',
    'image/png',
    'ETag',
    '"abc"',
  ];
  const part = withRange({ ...whole, headers }, { range: 'bytes=10-' }, { etag: 'abc' });
  assert.equal(part.status, 416);
  const kept = ['X-Request-ID', 'id', 'Cache-Control', 'no-store', 'Content-Range', 'bytes */10'];
  assert.deepEqual(part.headers, kept);
  assert.equal(part.body, '');
});

test('the whole is answered when the copy of the client is another one, and for anything but 200', () => {
  assert.equal(withRange(whole, { range: 'bytes=0-1', ifRange: '"old"' }, { etag: 'abc' }), whole);
  assert.equal(withRange(whole, { range: 'bytes=0-1', ifRange: '"abc"' }, { etag: 'abc' }).status, 206);
  assert.equal(withRange(whole, {}, { etag: 'abc' }), whole);
  const error = { ...whole, status: 404 };
  assert.equal(withRange(error, { range: 'bytes=0-1' }, {}), error);
});
