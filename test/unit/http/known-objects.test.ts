import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Exchange } from '../../../src/http/exchange.ts';
import { createKnownObjects, knownFrom, knownReply } from '../../../src/http/known-objects.ts';
import type { FoundObject } from '../../../src/service/kept-objects.ts';

const found = (etag: string): FoundObject => ({
  object: { size: 4, modified: 1, sniffedType: 'image/png', etag, bytes: Buffer.from('body') },
  cache: 'hit',
  tier: 'memory',
});

const showing = {
  contentType: 'sniffed',
  headers: {},
  lastModified: 'none',
  since: 'compare',
  etag: true,
  ranges: true,
} as const;

const reply = { status: 200, headers: ['X-Request-ID', 'first', 'ETag', '"a"'], body: Buffer.from('body') };

const entry = (source = 's') =>
  knownFrom(reply, { glance: () => null, showing, source, object: found('a').object })!;

const asking = (method: string, headers: Record<string, string>): Exchange =>
  ({ method, id: 'second', request: { headers } }) as unknown as Exchange;

test('the same object goes out under the same headers, with the id of the request that asks', () => {
  assert.deepEqual(knownReply(asking('GET', {}), entry(), found('a')), {
    status: 200,
    headers: ['X-Request-ID', 'second', 'ETag', '"a"'],
    body: Buffer.from('body'),
  });
  assert.equal(reply.headers[1], 'first');
});

test('who sets a condition, wants a part or the head alone, and whom another object awaits, goes the long way', () => {
  for (const name of ['if-none-match', 'if-modified-since', 'range'])
    assert.equal(knownReply(asking('GET', { [name]: 'x' }), entry(), found('a')), null, name);
  assert.equal(knownReply(asking('HEAD', {}), entry(), found('a')), null);
  assert.equal(knownReply(asking('GET', {}), entry(), found('b')), null);
});

test('only whole answers can be repeated', () => {
  const facts = { glance: () => null, showing, source: 's', object: found('a').object };
  for (const status of [206, 304, 416, 404]) assert.equal(knownFrom({ ...reply, status }, facts), null);
  assert.equal(knownFrom({ ...reply, body: null }, facts), null);
});

test('long targets are not kept, and all entries together stay within their bytes', () => {
  const known = createKnownObjects();
  const long = `/${'x'.repeat(30_000)}`;
  known.keep(long, entry());
  assert.equal(known.find(long), undefined);
  const targets = Array.from({ length: 30_000 }, (_, index) => `/${index}/${'y'.repeat(1000)}`);
  for (const target of targets) known.keep(target, entry(target));
  const kept = targets.filter((target) => known.find(target) !== undefined);
  assert.ok(kept.length > 100 && kept.length * 5000 < 17 * 1024 * 1024, `${kept.length} kept`);
});
