import assert from 'node:assert/strict';
import { mkdir, readdir, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import fc from 'fast-check';
import { PictorError } from '../../../src/core/errors.ts';
import { eventually } from '../../support/eventually.ts';
import { answerWith } from '../../support/memory-bucket.ts';
import { away, jpeg, openMirror } from '../../support/mirror.ts';

const hour = 60 * 60_000;

/** Makes a file look as if it had been there since yesterday. */
const age = (root: string, key: string) =>
  utimes(join(root, key), Date.now() / 1000 - 86_400, Date.now() / 1000 - 86_400);

async function writeByHand(root: string, key: string, text: string): Promise<void> {
  await mkdir(dirname(join(root, key)), { recursive: true });
  await writeFile(join(root, key), text);
}

async function keysBelow(root: string): Promise<string[]> {
  const found = await readdir(root, { recursive: true, withFileTypes: true });
  return found
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
    .filter((path) => !path.startsWith('.pictor/'))
    .toSorted();
}

/** How an object came to be here. */
const origins = [
  'arrived',
  'refused',
  'fetched',
  'by hand',
  'by hand, and another one there',
  'replaced and refused',
] as const;
const object = fc.record({
  origin: fc.constantFrom(...origins),
  old: fc.boolean(),
  folder: fc.constantFrom('a', 'b/c', 'd/e/f'),
});
type Case = Parameters<Parameters<typeof object.map>[0]>[0];

const refused = new PictorError('STORAGE_REFUSED', { detail: 'AccessDenied', upstreamStatus: 403 });

async function prepare(context: TestContext, cases: readonly Case[]) {
  const mirror = await openMirror(context);
  const { root, remote, bucket, buckets } = mirror;
  const keys = cases.map(({ origin, folder }, index) => `${folder}${index}/${origin}`);
  // Only once everything else has arrived is anything refused.
  for (const refusing of [false, true]) {
    remote.before = (question) => {
      if (refusing && question.startsWith('put ')) throw refused;
    };
    for (const [index, { origin }] of cases.entries()) {
      const key = keys[index]!;
      if (origin === 'refused' && refusing) await bucket.put(key, Buffer.from(`refused ${index}`), jpeg);
      if (origin === 'replaced and refused')
        await bucket.put(key, Buffer.from(refusing ? 'version 2' : 'version 1'), jpeg);
      if (refusing) continue;
      if (origin === 'arrived') await bucket.put(key, Buffer.from(`arrived ${index}`), jpeg);
      if (origin === 'by hand') await writeByHand(root, key, `by hand ${index}`);
      if (origin === 'by hand, and another one there') {
        await writeByHand(root, key, `by hand ${index}`);
        remote.objects.set(key, { bytes: Buffer.from('another one, longer than that'), contentType: '' });
      }
      if (origin === 'fetched') {
        remote.objects.set(key, { bytes: Buffer.from(`fetched ${index}`), contentType: '' });
        assert.notEqual(await bucket.get(key), null);
      }
    }
    if (!refusing) await eventually('all arrive', () => buckets.stats().owed === 0);
  }
  return { ...mirror, keys };
}

describe('clean-up of local files', () => {
  it('removes nothing that is not, byte for byte as long, in the bucket; nor what is young', async (context) => {
    await fc.assert(
      fc.asyncProperty(fc.array(object, { minLength: 1, maxLength: 12 }), async (cases) => {
        const { root, remote, buckets, keys } = await prepare(context, cases);
        for (const [index, { old }] of cases.entries()) if (old) await age(root, keys[index]!);
        // A fetched one was given to somebody a moment ago.
        await buckets.cleanUp();
        const left = new Set(await keysBelow(root));
        for (const [index, { origin, old }] of cases.entries()) {
          const key = keys[index]!;
          const mayGo = old && origin === 'arrived';
          assert.equal(left.has(key), !mayGo, `${key} ${old ? 'old' : 'young'}`);
          if (!left.has(key)) assert.equal(remote.objects.get(key)!.bytes.toString(), `arrived ${index}`);
        }
        await buckets.close();
      }),
      { numRuns: 40 },
    );
  });

  it('removes what was fetched when nobody uses it any more, and folders that are empty', async (context) => {
    let time = Date.now();
    const { root, remote, bucket, buckets } = await openMirror(context, { now: () => time });
    remote.objects.set('a/b/c/original', { bytes: Buffer.from('x'), contentType: '' });
    assert.notEqual(await bucket.get('a/b/c/original'), null);
    await mkdir(join(root, 'empty/folders'), { recursive: true });
    time += hour;
    await buckets.cleanUp();
    assert.deepEqual(await readdir(root), ['.pictor']);
    assert.notEqual(await bucket.get('a/b/c/original'), null);
  });

  it('leaves what was read lately, however old it is', async (context) => {
    let time = Date.now();
    const { root, bucket, buckets } = await openMirror(context, { now: () => time });
    await bucket.put('a/used', Buffer.from('x'), jpeg);
    await bucket.put('a/unused', Buffer.from('y'), jpeg);
    await eventually('all arrive', () => buckets.stats().owed === 0);
    time += hour;
    assert.notEqual(await bucket.get('a/used'), null);
    await buckets.cleanUp();
    assert.deepEqual(await keysBelow(root), ['a/used']);
  });

  it('removes nothing while the bucket is away, and tells when it only has copies', async (context) => {
    const { root, remote, bucket, buckets, notices } = await openMirror(context);
    await bucket.put('a/original', Buffer.from('x'), jpeg);
    await eventually('it arrives', () => buckets.stats().owed === 0);
    await age(root, 'a/original');
    answerWith(remote, away);
    await buckets.cleanUp();
    assert.deepEqual(await keysBelow(root), ['a/original']);
    answerWith(remote, null);
    await writeByHand(root, 'b/original', 'by hand');
    await age(root, 'b/original');
    await eventually('the bucket is asked again', async () => {
      await buckets.cleanUp();
      return (await keysBelow(root)).length === 1;
    });
    assert.deepEqual(await keysBelow(root), ['b/original']);
    assert.ok(notices.includes('old files are kept because the bucket does not have them'));
  });

  it('is not done where files are to stay, or where there is nowhere else', async (context) => {
    for (const where of ['for ever', 'read only'] as const) {
      const mirror = await openMirror(context);
      const { root, remote } = mirror;
      await mirror.buckets.close();
      const { bucket, buckets } = await openMirror(
        context,
        where === 'for ever'
          ? { root, maxAgeMinutes: 0 }
          : { root, remote: { reader: remote, writer: null } },
      );
      await bucket.put('a/original', Buffer.from('x'), jpeg);
      remote.objects.set('a/original', { bytes: Buffer.from('x'), contentType: '' });
      await eventually('it arrives', () => buckets.stats().owed === 0);
      await age(root, 'a/original');
      await buckets.cleanUp();
      assert.deepEqual(await keysBelow(root), ['a/original'], where);
    }
  });

  it('and puts at the same time lose nothing', async (context) => {
    const { remote, bucket, buckets } = await openMirror(context, { now: () => Date.now() + 100 * hour });
    const keys = Array.from({ length: 60 }, (_, index) => `ns/${index % 6}/${index % 3}/${index}`);
    const cleaning = (async () => {
      for (let round = 0; round < 15; round += 1) await buckets.cleanUp();
    })();
    await Promise.all(
      [0, 1, 2].map(async (lane) => {
        for (const [index, key] of keys.entries())
          if (index % 3 === lane) await bucket.put(key, Buffer.from(key), jpeg);
      }),
    );
    await cleaning;
    await eventually('all arrive', () => buckets.stats().owed === 0);
    for (const key of keys) {
      assert.equal(remote.objects.get(key)!.bytes.toString(), key);
      const found = await bucket.get(key);
      assert.equal(Buffer.concat(await Array.fromAsync(found!.body)).toString(), key);
    }
  });
});
