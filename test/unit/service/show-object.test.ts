import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PictorError } from '../../../src/core/errors.ts';
import type { ShowTask } from '../../../src/request/storage.ts';
import { heldObject } from '../../../src/service/held-object.ts';
import { createShowObject, type ShowParts } from '../../../src/service/show-object.ts';
import type { StorageSite } from '../../../src/service/storage-site.ts';

const notUsed = () => Promise.reject(new Error('not used'));

const site: StorageSite = {
  mount: '/m',
  storage: 'abc',
  buckets: { bucket: () => assert.fail('not used'), close: async () => {} },
  isLocal: false,
  shelf: null,
};

const task: ShowTask = {
  task: 'show',
  bucket: 'b',
  key: 'a/s/30',
  recipe: {
    originals: ['a'],
    image: { source: 'original:b/a', operations: [], output: { format: {} } },
    keep: { key: 'a/s/30' },
    label: { filename: 'a', format: 'jpeg', quality: 75 },
  },
  showing: {
    contentType: 'sniffed',
    headers: {},
    lastModified: 'none',
    since: 'ignore',
    etag: false,
    ranges: false,
  },
};

/** A bucket whose every look-up fails like this, and what making a picture does meanwhile. */
function showing(failure: PictorError, make: ShowParts['maker']['make']) {
  const objects = {
    find: () => Promise.reject(failure),
    glance: () => () => null,
    open: notUsed,
    hold: () => assert.fail('not used'),
    forget: () => {},
    outdated: () => {},
  };
  const maker = { make, kept: notUsed, settled: notUsed, drain: notUsed };
  return createShowObject({ objects, maker, tell: notUsed, purges: { isGone: () => false }, now: Date.now });
}

/** Settles when the one who asks has lost patience. */
const forEver: ShowParts['maker']['make'] = (_, signal) =>
  new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(new PictorError('CANCELLED')), { once: true });
  });

const nobody = new AbortController().signal;
const timedOut = new PictorError('STORAGE_TIMEOUT');

test('who has waited for a bucket that hangs does not wait for it once more', {
  timeout: 30_000,
}, async () => {
  const show = showing(timedOut, forEver);
  await assert.rejects(show(site, task, nobody), (thrown) => thrown === timedOut);
});

test('what the caches know is given although the bucket hangs', async () => {
  const bytes = new Uint8Array([1, 2, 3]);
  const object = heldObject(bytes, { contentType: 'image/png', modified: 0 });
  const image = {
    key: 'k',
    body: bytes,
    mediaType: 'image/png',
    etag: 'e',
    width: 1,
    height: 1,
    freshUntil: 0,
  };
  const show = showing(timedOut, async () => ({
    object,
    image: { ...image, cache: 'hit', shareable: true },
  }));
  assert.equal((await show(site, task, nobody)).object, object);
});
