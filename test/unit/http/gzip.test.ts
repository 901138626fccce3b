import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { withGzip } from '../../../src/http/gzip.ts';

const reply = {
  status: 200,
  headers: ['ETag', '"abc"', 'Vary', 'Accept-Encoding'],
  body: new Uint8Array(5000),
};

test('a body is compressed for a client that asks, with a weak tag', async () => {
  const zipped = await withGzip(reply, 5, 'br, gzip');
  assert.deepEqual(zipped.headers, [
    'ETag',
    'W/"abc"',
    'Vary',
    'Accept-Encoding',
    'Content-Encoding',
    'gzip',
  ]);
  assert.ok((zipped.body as Uint8Array).length < 100);
  assert.deepEqual(new Uint8Array(gunzipSync(zipped.body as Uint8Array)), reply.body);
});

test('and left alone otherwise', async () => {
  assert.equal(await withGzip(reply, 0, 'gzip'), reply);
  assert.equal(await withGzip(reply, 5, undefined), reply);
  assert.equal(await withGzip(reply, 5, 'gzip;q=0'), reply);
  const part = { ...reply, status: 206 };
  assert.equal(await withGzip(part, 5, 'gzip'), part);
  const held = { ...reply, status: 304, body: null };
  assert.equal(await withGzip(held, 5, 'gzip'), held);
});
