import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { createFsStore } from '../../../src/stores/fs.ts';
import { createMemoryStore } from '../../../src/stores/memory.ts';
import { createTieredStore } from '../../../src/stores/tiered.ts';
import { expectBlob, inChunks } from '../../contract/store.ts';
import { noSmallDisk, smallDisk } from '../../support/small-disk.ts';
import { filesOf, storeEvents } from '../../support/store-files.ts';

const small = 4 * 1024 * 1024;

const remount = (dir: string, how: 'ro' | 'rw') =>
  assert.equal(spawnSync('mount', ['-o', `remount,${how}`, dir]).status, 0);

describe('disk store: full disk', () => {
  it('fails a put that finds no room, says so once, leaves nothing behind and goes on serving', async (t) => {
    const dir = await smallDisk(t, small);
    if (dir === null) return t.skip(noSmallDisk);
    const events = storeEvents();
    const store = await createFsStore({ dir: join(dir, 'store'), maxBytes: 1e9, emit: events.emit });
    await store.put('aaaa', Buffer.alloc(1_000, 1), {});
    for (const body of [Buffer.alloc(10_000_000), inChunks(Buffer.alloc(10_000_000), 100_000)]) {
      // Everything is given away for it first: that does not help.
      await assert.rejects(store.put('bbbb', body, {}), { code: 'STORE_FAILED' });
      assert.deepEqual(events.seen.filter(({ what }) => what === 'write-failed').length, 1);
      events.seen.length = 0;
      assert.deepEqual(await filesOf(join(dir, 'store'), 'tmp'), []);
      assert.equal(await store.get('bbbb'), null);
      await store.put('aaaa', Buffer.alloc(1_000, 2), {});
      await expectBlob(store, 'aaaa', Buffer.alloc(1_000, 2), {});
    }
    await store.close();
  });

  it('gives old blobs away when strangers fill the disk', async (t) => {
    const dir = await smallDisk(t, small);
    if (dir === null) return t.skip(noSmallDisk);
    const events = storeEvents();
    const store = await createFsStore({ dir: join(dir, 'store'), maxBytes: 1e9, emit: events.emit });
    for (let index = 0; index < 30; index += 1)
      await store.put(`old${index}`, Buffer.alloc(50_000, index), {});
    await writeFile(join(dir, 'strange'), Buffer.alloc(2_000_000)).catch(() => {});
    for (let index = 0; index < 60; index += 1) {
      const body = Buffer.alloc(40_000, index);
      await store.put(`new${index}`, index % 2 === 0 ? body : inChunks(body, 9_000), { index });
      await expectBlob(store, `new${index}`, body, { index });
    }
    assert.ok(events.seen.length > 0);
    assert.ok(events.seen.every(({ what }) => what === 'evicted'));
    await store.close();
  });

  it('also when the disk runs out of file names', async (t) => {
    const dir = await smallDisk(t, small, 'nr_inodes=60');
    if (dir === null) return t.skip(noSmallDisk);
    const store = await createFsStore({ dir: join(dir, 'store'), maxBytes: 1e9, emit: () => {} });
    for (let index = 0; index < 60; index += 1) {
      await store.put(`key${index}`, Buffer.alloc(100, index), { index });
      await expectBlob(store, `key${index}`, Buffer.alloc(100, index), { index });
    }
    await store.close();
  });

  it('starts on a full disk', async (t) => {
    const dir = await smallDisk(t, small);
    if (dir === null) return t.skip(noSmallDisk);
    const first = await createFsStore({ dir: join(dir, 'store'), maxBytes: 1e9, emit: () => {} });
    await first.put('aaaa', Buffer.alloc(1_000, 1), {});
    await first.close();
    await writeFile(join(dir, 'strange'), Buffer.alloc(small)).catch(() => {});
    const second = await createFsStore({ dir: join(dir, 'store'), maxBytes: 1e9, emit: () => {} });
    await expectBlob(second, 'aaaa', Buffer.alloc(1_000, 1), {});
    await rm(join(dir, 'strange'));
    await second.put('bbbb', Buffer.alloc(1_000, 2), {});
    await second.close();
  });

  it('serves reads from a disk that has become read-only, and recovers', async (t) => {
    const dir = await smallDisk(t, small);
    if (dir === null) return t.skip(noSmallDisk);
    const events = storeEvents();
    const open = () =>
      createFsStore({ dir: join(dir, 'store'), maxBytes: 1e9, emit: events.emit, touchAfterSeconds: 0 });
    const store = await open();
    await store.put('aaaa', Buffer.alloc(1_000, 1), {});
    await store.put('bbbb', Buffer.alloc(300_000, 2), {});
    remount(dir, 'ro');
    await assert.rejects(store.put('cccc', Buffer.alloc(10), {}), { code: 'STORE_FAILED' });
    await assert.rejects(store.delete('aaaa'), { code: 'STORE_FAILED' });
    await assert.rejects(store.setMeta('aaaa', {}), { code: 'STORE_FAILED' });
    assert.deepEqual(
      events.seen.map(({ what }) => what),
      ['write-failed', 'write-failed', 'write-failed'],
    );
    await expectBlob(store, 'aaaa', Buffer.alloc(1_000, 1), {});
    await expectBlob(store, 'bbbb', Buffer.alloc(300_000, 2), {});

    const another = await open();
    await expectBlob(another, 'aaaa', Buffer.alloc(1_000, 1), {});
    remount(dir, 'rw');
    await another.put('cccc', Buffer.alloc(10), {});
    await store.delete('aaaa');
    assert.equal(await another.get('aaaa'), null);
    await another.close();
    await store.close();
  });

  it('says that the file system is read-only when its folder cannot be made', async (t) => {
    const dir = await smallDisk(t, small);
    if (dir === null) return t.skip(noSmallDisk);
    remount(dir, 'ro');
    const opening = createFsStore({ dir: join(dir, 'store'), maxBytes: 1e9, emit: () => {} });
    await assert.rejects(opening, { code: 'STORE_FAILED', detail: /^EROFS: / });
  });

  it('does not disturb the memory above it', async (t) => {
    const dir = await smallDisk(t, small);
    if (dir === null) return t.skip(noSmallDisk);
    const disk = await createFsStore({ dir: join(dir, 'store'), maxBytes: 1e9, emit: () => {} });
    const store = createTieredStore([
      createMemoryStore({ maxBytes: 10_000_000, maxEntryBytes: 10_000_000 }),
      disk,
    ]);
    remount(dir, 'ro');
    for (const body of [Buffer.alloc(500_000, 7), inChunks(Buffer.alloc(500_000, 7), 60_000)]) {
      await store.put('aaaa', body, { n: 1 });
      await expectBlob(store, 'aaaa', Buffer.alloc(500_000, 7), { n: 1 });
      await disk.delete('none').catch(() => {});
    }
    remount(dir, 'rw');
    await store.close();
  });
});
