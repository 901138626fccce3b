import assert from 'node:assert/strict';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createFolderBuckets } from '../../../src/buckets/folder-bucket.ts';
import type { Bucket, Buckets } from '../../../src/core/bucket.ts';
import { PictorError } from '../../../src/core/errors.ts';
import { createGate } from '../../../src/lib/gate.ts';
import { mostHeldBytes } from '../../../src/service/held-object.ts';
import { createKeptObjects, type FoundObject } from '../../../src/service/kept-objects.ts';
import { objectKey } from '../../../src/service/key.ts';
import { noPurges } from '../../../src/service/purge-marks.ts';
import { type StorageSite, uriOf } from '../../../src/service/storage-site.ts';
import { createMapStore } from '../../support/service-fakes.ts';

interface Kept {
  bytes: Buffer;
  modified: number;
}

/** A bucket in a Map that counts what it is asked, and can be away or hang. */
function mapBucket() {
  const objects = new Map<string, Kept>();
  const asked: string[] = [];
  const state = { away: false, hangs: false };
  const answer = async (what: string, key: string): Promise<Kept | null> => {
    asked.push(`${what} ${key}`);
    await new Promise((resolve) => setImmediate(resolve));
    if (state.hangs) await new Promise(() => {});
    if (state.away) throw new PictorError('STORAGE_UNREACHABLE');
    return objects.get(key) ?? null;
  };
  const factsOf = ({ bytes, modified }: Kept) => ({
    size: bytes.length,
    modified,
    etag: bytes.subarray(0, 8).toString('hex'),
  });
  const bucket: Bucket = {
    name: 'map',
    async get(key, { part } = {}) {
      const found = await answer('get', key);
      if (found === null) return null;
      const bytes = part === undefined ? found.bytes : found.bytes.subarray(part.first, part.last + 1);
      return {
        ...factsOf(found),
        body: (async function* () {
          for (let at = 0; at < bytes.length; at += 65_536) yield bytes.subarray(at, at + 65_536);
        })(),
      };
    },
    async head(key) {
      const found = await answer('head', key);
      return found === null ? null : factsOf(found);
    },
    put: () => Promise.reject(new Error('not used')),
    delete: () => Promise.reject(new Error('not used')),
    list: () => {
      throw new Error('not used');
    },
    close: async () => {},
  };
  const buckets: Buckets = { bucket: () => bucket, close: async () => {} };
  return { objects, asked, state, buckets };
}

function setUp({ isLocal = false, bucket: own }: { isLocal?: boolean; bucket?: Bucket } = {}) {
  const { buckets: inMap, ...bucket } = mapBucket();
  const buckets = own === undefined ? inMap : { ...inMap, bucket: () => own };
  const clock = { now: 1_000_000 };
  const variants = createMapStore();
  const keptObjects = createKeptObjects({
    variants,
    memory: variants,
    gate: createGate({ width: 4, queue: 100 }),
    maxWaitSeconds: 0,
    retryAfterSeconds: 1,
    purges: noPurges,
    now: () => clock.now,
  });
  const site: StorageSite = { mount: '/', storage: 'one', buckets, isLocal, shelf: null };
  const signal = new AbortController().signal;
  return {
    ...bucket,
    clock,
    keptObjects,
    address: (key: string) => ({ site, bucket: 'b', key }),
    find: (key: string) => keptObjects.find({ site, bucket: 'b', key }, signal),
    signal,
  };
}

const put = (objects: Map<string, Kept>, key: string, text: string) =>
  objects.set(key, { bytes: Buffer.from(text), modified: Date.now() });

test('however many ask at once, the bucket is asked once', async () => {
  const { objects, find, asked } = setUp();
  put(objects, 'a', 'bytes of a');
  const found = await Promise.all(Array.from({ length: 100 }, () => find('a')));
  for (const each of found) assert.equal(Buffer.from(each?.object.bytes ?? []).toString(), 'bytes of a');
  assert.deepEqual(asked, ['get a']);
  assert.equal((await find('a'))?.cache, 'hit');
  assert.deepEqual(asked, ['get a']);
});

test('after its time an object is asked after, and read again only when it has changed', async () => {
  const { objects, find, asked, clock } = setUp({ isLocal: true });
  put(objects, 'a', 'bytes of a');
  await find('a');
  clock.now += 6000;
  assert.equal((await find('a'))?.cache, 'revalidated');
  assert.deepEqual(asked, ['get a', 'head a']);
  put(objects, 'a', 'other bytes');
  clock.now += 6000;
  assert.equal(Buffer.from((await find('a'))?.object.bytes ?? []).toString(), 'other bytes');
  objects.delete('a');
  clock.now += 6000;
  assert.equal(await find('a'), null);
  put(objects, 'a', 'there again');
  assert.equal(Buffer.from((await find('a'))?.object.bytes ?? []).toString(), 'there again');
});

test('while the bucket is away, what is held is given, however old; the rest is not there to be had', async () => {
  const { objects, find, clock, state } = setUp();
  put(objects, 'a', 'bytes of a');
  await find('a');
  state.away = true;
  clock.now += 86_400_000;
  const found = await find('a');
  assert.equal(found?.cache, 'stale');
  assert.equal(Buffer.from(found?.object.bytes ?? []).toString(), 'bytes of a');
  await assert.rejects(find('b'), { code: 'STORAGE_UNREACHABLE' });
});

test('what is not there is not remembered as missing', async () => {
  const { objects, find } = setUp();
  assert.equal(await find('a'), null);
  put(objects, 'a', 'bytes of a');
  assert.notEqual(await find('a'), null);
});

test('what is being put is found before the bucket has it, and has the same tag afterwards', async () => {
  const { objects, find, address, clock, keptObjects, asked } = setUp({ isLocal: true });
  const bytes = Buffer.from('made a moment ago');
  const { etag } = keptObjects.hold(address('a'), {
    bytes,
    contentType: 'image/png',
    began: clock.now,
  });
  assert.equal((await find('a'))?.cache, 'hit');
  put(objects, 'a', bytes.toString());
  clock.now += 6000;
  assert.equal((await find('a'))?.object.etag, etag);
  keptObjects.forget(address('a'));
  assert.equal((await find('a'))?.object.etag, etag);
  assert.deepEqual(asked, ['head a', 'get a']);
});

test('objects that are too large to be held are described and read on demand, in parts too', async () => {
  const { objects, find, asked, address, signal, keptObjects } = setUp();
  const bytes = Buffer.alloc(mostHeldBytes + 1, 'x');
  bytes.write('\x89PNG\r\n\x1a\n', 'latin1');
  objects.set('large', { bytes, modified: 1 });
  const found = await find('large');
  assert.equal(found?.object.bytes, null);
  assert.equal(found?.object.sniffedType, 'image/png');
  assert.equal(found?.object.size, bytes.length);
  await find('large');
  assert.deepEqual(asked, ['get large']);
  const part = await keptObjects.open(address('large'), found.object, {
    signal,
    part: { first: 1, last: 3 },
  });
  const chunks: Uint8Array[] = [];
  for await (const chunk of part ?? []) chunks.push(chunk);
  assert.equal(Buffer.concat(chunks).toString(), 'PNG');
});

test('a large object that was replaced or removed since it was found is not read for it', async () => {
  const { objects, find, address, signal, keptObjects } = setUp();
  const open = async (found: Awaited<ReturnType<typeof find>>) =>
    keptObjects.open(address('large'), found!.object, { signal });
  objects.set('large', { bytes: Buffer.alloc(mostHeldBytes + 1, 'x'), modified: 1 });
  const found = await find('large');
  objects.set('large', { bytes: Buffer.alloc(mostHeldBytes + 2, 'x'), modified: 2 });
  assert.equal(await open(found), null);
  const second = await find('large');
  assert.equal(second?.object.size, mostHeldBytes + 2);
  objects.delete('large');
  assert.equal(await open(second), null);
  assert.equal(await find('large'), null);
});

test('an object that is removed or replaced while it is read is looked for again', async (t) => {
  const root = await mkdtemp(join(tmpdir(), 'pictor-test-'));
  t.after(() => rm(root, { recursive: true, force: true }));
  const folder = createFolderBuckets({ root, single: true, anyKey: false }).bucket('');
  const file = (name: string) => join(root, name);
  /** What happens between a look and the reading, each time. */
  let meanwhile = async () => {};
  const bucket: Bucket = {
    ...folder,
    async get(key, options) {
      const found = await folder.get(key, options);
      await meanwhile();
      return found;
    },
  };
  const { find } = setUp({ isLocal: true, bucket });
  await writeFile(file('removed'), 'bytes');
  meanwhile = () => rm(file('removed'), { force: true });
  assert.equal(await find('removed'), null);

  await writeFile(file('replaced'), 'old');
  let replacements = 1;
  meanwhile = async () => {
    if (replacements-- <= 0) return;
    await writeFile(file('new'), 'new bytes');
    await rename(file('new'), file('replaced'));
  };
  assert.equal(Buffer.from((await find('replaced'))?.object.bytes ?? []).toString(), 'new bytes');

  await writeFile(file('restless'), 'old');
  meanwhile = async () => {
    await writeFile(file('new'), 'new bytes');
    await rename(file('new'), file('restless'));
  };
  await assert.rejects(find('restless'), { code: 'STORAGE_FAILED' });
});

for (const change of ['forgotten', 'put anew', 'changed by another process'] as const) {
  test(`what was read of a bucket before an object was ${change} is not kept after it`, async () => {
    const { objects, buckets } = mapBucket();
    const inMap = buckets.bucket('b');
    /** An answer that was given by the bucket, but has not come yet. */
    const onItsWay = Promise.withResolvers<void>();
    const bucket: Bucket = {
      ...inMap,
      async get(key, options) {
        const found = await inMap.get(key, options);
        if (found !== null) await onItsWay.promise;
        return found;
      },
    };
    const { find, address, keptObjects } = setUp({ bucket });
    const kept = address('a');
    put(objects, 'a', 'old bytes');
    const early = find('a');
    for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    objects.delete('a');
    if (change === 'forgotten') keptObjects.forget(kept);
    else if (change === 'changed by another process') keptObjects.outdated(objectKey(uriOf(kept)));
    else keptObjects.hold(kept, { bytes: Buffer.from('new'), contentType: 'image/png', began: 1_000_000 });
    const meanwhile = find('a');
    onItsWay.resolve();
    assert.equal(textOf(await early), 'old bytes');
    const wanted = change === 'put anew' ? 'new' : null;
    assert.equal(textOf(await meanwhile), wanted);
    assert.equal(textOf(await find('a')), wanted);
  });
}

const textOf = (found: FoundObject | null): string | null =>
  found === null ? null : Buffer.from(found.object.bytes ?? []).toString();

test('a glance shows what is in memory while nobody has to be asked, and asks nobody', async () => {
  const { objects, find, address, asked, clock, keptObjects } = setUp();
  const look = keptObjects.glance(address('a'));
  assert.equal(look(), null);
  put(objects, 'a', 'bytes of a');
  await find('a');
  assert.equal(Buffer.from(look()?.object.bytes ?? []).toString(), 'bytes of a');
  clock.now += 61_000;
  assert.equal(look(), null);
  assert.equal((await find('a'))?.cache, 'stale');
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal(look()?.cache, 'hit');
  keptObjects.forget(address('a'));
  assert.equal(look(), null);
  assert.deepEqual(asked, ['get a', 'head a']);
});

test('a glance never shows what is too large to be held', async () => {
  const { objects, find, address, keptObjects } = setUp();
  objects.set('large', { bytes: Buffer.alloc(mostHeldBytes + 1), modified: 1 });
  await find('large');
  assert.equal(keptObjects.glance(address('large'))(), null);
});

test('of a bucket that does not answer one request finds out, and the next ones do not wait for it', async () => {
  const { objects, find, clock, state, asked } = setUp();
  put(objects, 'a', 'bytes of a');
  await find('a');
  state.away = true;
  clock.now += 86_400_000;
  await find('a');
  state.away = false;
  state.hangs = true;
  clock.now += 1000;
  const found = await find('a');
  assert.equal(found?.cache, 'stale');
  assert.deepEqual(asked, ['get a', 'head a', 'head a']);
});
