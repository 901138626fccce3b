import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createKnownUrls, type KnownUrl } from '../../../src/http/known-urls.ts';

const entry = (vary: readonly string[]): KnownUrl => ({
  facts: {
    image: {
      key: 'k',
      body: null,
      mediaType: 'image/png',
      etag: 'e',
      width: 1,
      height: 1,
      cache: 'hit',
      freshUntil: 0,
      shareable: true,
    },
    delivery: { vary },
    source: 's',
  },
  headers: ['Content-Type', 'image/png'],
  idAt: 1,
  until: 0,
  steadyUntil: 0,
});

test('entries that anyone could make long are not kept', () => {
  const known = createKnownUrls();
  const long = 'x'.repeat(30_000);
  known.keep(`/${long}`, undefined, entry([]));
  known.keep('/a', long, entry(['Accept']));
  assert.equal(known.find(`/${long}`, undefined), undefined);
  assert.equal(known.find('/a', long), undefined);
});

test('Accept counts only where it was looked at', () => {
  const known = createKnownUrls();
  const plain = entry([]);
  known.keep('/a', 'image/webp', plain);
  assert.equal(known.find('/a', 'anything'), plain);
  const negotiated = entry(['Accept']);
  known.keep('/b', 'image/webp', negotiated);
  assert.equal(known.find('/b', 'image/webp'), negotiated);
  assert.equal(known.find('/b', '*/*'), undefined);
  assert.equal(known.find('/b', undefined), undefined);
});

test('all entries together stay within their bytes', () => {
  const known = createKnownUrls();
  const targets = Array.from({ length: 30_000 }, (_, index) => `/${index}/${'y'.repeat(1000)}`);
  for (const target of targets) known.keep(target, undefined, entry([]));
  const kept = targets.filter((target) => known.find(target, undefined) !== undefined);
  assert.ok(kept.length > 100 && kept.length * 3000 < 17 * 1024 * 1024, `${kept.length} kept`);
});
