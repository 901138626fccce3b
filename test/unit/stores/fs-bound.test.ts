import assert from 'node:assert/strict';
import { existsSync, utimesSync } from 'node:fs';
import { readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { fillKey, fillStore } from '../../../scripts/fill-store.ts';
import { placeOf } from '../../../src/stores/fs/layout.ts';
import { createFsStore, type FsStoreOptions } from '../../../src/stores/fs.ts';
import { expectBlob, inChunks } from '../../contract/store.ts';
import { eventually } from '../../support/eventually.ts';
import { bytesOf, filesOf, storeEvents } from '../../support/store-files.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const emit = () => {};

async function openStore(t: TestContext, options: Omit<FsStoreOptions, 'emit'> & Partial<FsStoreOptions>) {
  const store = await createFsStore({ emit, ...options });
  t.after(() => store.close());
  return store;
}

/** Looks at the disk again and again until `stop` is called; gives the most bytes seen. */
function watchDisk(dir: string): { stop(): Promise<number> } {
  let running = true;
  const watching = (async () => {
    let most = 0;
    while (running) most = Math.max(most, await bytesOf(dir));
    return Math.max(most, await bytesOf(dir));
  })();
  return {
    stop() {
      running = false;
      return watching;
    },
  };
}

describe('disk store: bound', () => {
  it('counts once what was looked for before it was written, replaced, or removed in between', async (t) => {
    const dir = await temporaryFolder(t);
    const store = await openStore(t, { dir, maxBytes: 10_000_000, graceSeconds: 0 });
    const steps = [
      () => store.get('aaaa'),
      () => store.put('aaaa', Buffer.alloc(300_000, 1), {}),
      () => store.get('aaaa'),
      () => store.put('aaaa', Buffer.alloc(9_000, 2), {}),
      () => Promise.all([store.get('aaaa'), store.put('aaaa', Buffer.alloc(20_000, 3), {})]),
      () => store.delete('aaaa'),
      () => store.get('aaaa'),
      () => Promise.all([1, 2, 3].map((byte) => store.put('aaaa', Buffer.alloc(byte * 10_000, byte), {}))),
    ];
    for (const step of steps) await step();
    await eventually('the books are right', async () => store.usage!().bytes === (await bytesOf(dir)));
    assert.equal(store.usage!().entries, 1);
    // Of three at the same time any may be the last, and is whole.
    const kept = await (await store.get('aaaa'))!.bytes();
    assert.deepEqual(Buffer.from(kept), Buffer.alloc(kept[0]! * 10_000, kept[0]));
  });

  for (const separateBodies of [false, true]) {
    it(`never has more on disk than the cap plus one object (bodies apart: ${separateBodies})`, async (t) => {
      const dir = await temporaryFolder(t);
      const maxBytes = 2_000_000;
      const store = await openStore(t, { dir, maxBytes, separateBodies });
      const largest = 700_000;
      const watch = watchDisk(dir);
      const sizes = [3_000, 40_000, 250_000, largest];
      const lane = async (number: number) => {
        for (let round = 0; round < 15; round += 1) {
          const body = Buffer.alloc(sizes[(round + number) % sizes.length]!, round);
          const key = `lane${number}-${round % 12}`;
          await store.put(key, round % 2 === 0 ? body : inChunks(body, 60_000), { round });
        }
      };
      await Promise.all([0, 1, 2, 3, 4].map(lane));
      const most = await watch.stop();
      assert.ok(most > maxBytes / 2, `${most} bytes: the test filled the store`);
      assert.ok(most <= maxBytes + largest + 8192, `${most} bytes on disk`);
      assert.ok(store.usage!().bytes >= (await bytesOf(dir)), 'the books err upwards only');
    });
  }

  it('lets writes wait for each other when they do not fit together', async (t) => {
    const dir = await temporaryFolder(t);
    const store = await openStore(t, { dir, maxBytes: 1_000_000 });
    const watch = watchDisk(dir);
    const slow = async function* (fill: number) {
      for (let chunk = 0; chunk < 8; chunk += 1) {
        await new Promise((resolve) => setImmediate(resolve));
        yield Buffer.alloc(100_000, fill);
      }
    };
    await Promise.all(
      Array.from({ length: 10 }, (_, fill) => store.put(`slow${fill}`, slow(fill), { fill })),
    );
    assert.ok((await watch.stop()) <= 1_000_000 + 800_000 + 8192);
  });

  it('knows its size after a restart, and keeps everything', async (t) => {
    const dir = await temporaryFolder(t);
    const first = await createFsStore({ dir, maxBytes: 10_000_000, emit });
    for (let index = 0; index < 20; index += 1)
      await first.put(`key${index}`, Buffer.alloc(index * 20_000, index), { index });
    await first.delete('key3');
    const usage = first.usage!();
    await first.close();
    const second = await openStore(t, { dir, maxBytes: 10_000_000 });
    assert.deepEqual(second.usage!(), usage);
    for (let index = 4; index < 20; index += 1)
      await expectBlob(second, `key${index}`, Buffer.alloc(index * 20_000, index), { index });
    assert.equal((await readdir(join(dir, 'size'))).length, 1, 'the ledger of the first was taken over');
  });

  it('comes down to a cap that was lowered', async (t) => {
    const dir = await temporaryFolder(t);
    const first = await createFsStore({ dir, maxBytes: 10_000_000, touchAfterSeconds: 0, emit });
    for (let index = 0; index < 50; index += 1)
      await first.put(`key${index}`, Buffer.alloc(20_000, index), {});
    await first.close();
    const second = await openStore(t, { dir, maxBytes: 300_000 });
    await eventually('below the cap', () => second.usage!().bytes <= 300_000);
    assert.ok((await bytesOf(dir)) <= 300_000);
    await expectBlob(second, 'key49', Buffer.alloc(20_000, 49), {});
  });

  for (const [how, spoil] of Object.entries({
    missing: (file: string) => rm(file),
    empty: (file: string) => writeFile(file, ''),
    garbage: (file: string) => writeFile(file, 'pictor-size 1 12 twelve'),
  })) {
    it(`stays within the cap when the ledger is ${how}`, async (t) => {
      const dir = await temporaryFolder(t);
      const first = await createFsStore({ dir, maxBytes: 3_000_000, emit });
      for (let index = 0; index < 30; index += 1)
        await first.put(`key${index}`, Buffer.alloc(50_000, index), {});
      await first.close();
      for (const file of await filesOf(dir, 'size')) await spoil(file);
      const second = await openStore(t, { dir, maxBytes: 3_000_000 });
      const watch = watchDisk(dir);
      for (let index = 0; index < 50; index += 1)
        await second.put(`new${index}`, Buffer.alloc(50_000, index), {});
      assert.ok((await watch.stop()) <= 3_000_000 + 60_000);
      assert.ok(second.usage!().bytes >= (await bytesOf(dir)), 'the books err upwards only');
    });

    it(`finds the truth by counting when the ledger is ${how}`, async (t) => {
      const dir = await temporaryFolder(t);
      const first = await createFsStore({ dir, maxBytes: 3_000_000, emit });
      for (let index = 0; index < 20; index += 1)
        await first.put(`key${index}`, Buffer.alloc(index * 30_000, index), {});
      const usage = first.usage!();
      await first.close();
      for (const file of await filesOf(dir, 'size')) await spoil(file);
      const second = await openStore(t, { dir, maxBytes: 6_000_000 });
      assert.equal(second.usage!().bytes, 6_000_000, 'as full as allowed until it is known');
      await eventually('counted', () => second.usage!().bytes === usage.bytes);
      assert.deepEqual(second.usage!(), usage);
    });
  }

  it('finds its way back when the books say full and the folder is empty', async (t) => {
    const dir = await temporaryFolder(t);
    const store = await openStore(t, { dir, maxBytes: 1_000_000 });
    for (let index = 0; index < 60; index += 1)
      await store.put(`key${index}`, Buffer.alloc(14_000, index), {});
    await rm(join(dir, 'blobs'), { recursive: true });
    for (let index = 0; index < 60; index += 1)
      await store.put(`new${index}`, Buffer.alloc(14_000, index), {});
    await expectBlob(store, 'new59', Buffer.alloc(14_000, 59), {});
    assert.equal(store.usage!().bytes, await bytesOf(dir));
  });

  it('evicts by the time of use written on the files, and says so', async (t) => {
    const dir = await temporaryFolder(t);
    const events = storeEvents();
    const store = await openStore(t, { dir, maxBytes: 10 * 4096, emit: events.emit });
    for (let index = 0; index < 10; index += 1) await store.put(`key${index}`, Buffer.alloc(100, index), {});
    const long = new Date(Date.now() - 1_000_000);
    await utimes(placeOf(join(dir, 'blobs'), 'key7').record, long, long);
    await store.put('new', Buffer.alloc(100), {});
    assert.equal(await store.get('key7'), null);
    assert.deepEqual(events.seen, [{ type: 'store', store: 'disk', what: 'evicted', count: 1 }]);
  });

  it('does not let a time stamp from the far future protect a blob for ever', async (t) => {
    const dir = await temporaryFolder(t);
    const store = await openStore(t, { dir, maxBytes: 10 * 4096 });
    for (let index = 0; index < 10; index += 1) await store.put(`key${index}`, Buffer.alloc(100, index), {});
    const future = new Date(Date.now() + 10 ** 10);
    await utimes(placeOf(join(dir, 'blobs'), 'key4').record, future, future);
    await store.put('new', Buffer.alloc(100), {});
    assert.equal(await store.get('key4'), null);
  });

  it('counts a touch as a use', async (t) => {
    const dir = await temporaryFolder(t);
    const store = await openStore(t, { dir, maxBytes: 3 * 4096, touchAfterSeconds: 0 });
    for (const key of ['a', 'b', 'c']) await store.put(key, Buffer.alloc(100), {});
    await store.touch!('a');
    await store.touch!('missing');
    await store.put('d', Buffer.alloc(100), {});
    assert.equal(await store.get('b'), null);
    await expectBlob(store, 'a', Buffer.alloc(100), {});
  });

  it('gives old blobs away first also when there are too many to look at all', async (t) => {
    const dir = await temporaryFolder(t);
    const count = 1_500;
    fillStore(dir, count);
    const begin = Date.now() / 1000 - 10_000;
    for (let index = 0; index < count; index += 1) {
      utimesSync(placeOf(join(dir, 'blobs'), fillKey(index)).record, begin + index, begin + index);
    }
    const store = await openStore(t, { dir, maxBytes: count * 4096 });
    for (let index = 0; index < 100; index += 1) await store.put(`new${index}`, Buffer.alloc(10), {});
    const lost: number[] = [];
    for (let index = 0; index < count; index += 1) {
      if (!existsSync(placeOf(join(dir, 'blobs'), fillKey(index)).record)) lost.push(index);
    }
    assert.equal(lost.length, 100);
    const mean = lost.reduce((sum, index) => sum + index, 0) / lost.length;
    assert.ok(mean < count / 4, `mean rank ${mean} of ${count}; by chance it would be ${count / 2}`);
  });
});
