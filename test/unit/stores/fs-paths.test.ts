import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { describe, it, type TestContext } from 'node:test';
import { createFsStore, type FsStoreOptions } from '../../../src/stores/fs.ts';
import { expectBlob, found, inChunks } from '../../contract/store.ts';
import { eventually } from '../../support/eventually.ts';
import { bytesOf } from '../../support/store-files.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

async function openStore(t: TestContext, options: Partial<FsStoreOptions> = {}) {
  const dir = await temporaryFolder(t);
  const store = await createFsStore({ dir, maxBytes: 100_000_000, emit: () => {}, ...options });
  t.after(() => store.close());
  return { dir, store };
}

const pathOf = async (store: Awaited<ReturnType<typeof createFsStore>>, key: string) =>
  (await found(store, key)).path!;

describe('disk store: paths handed out', () => {
  it('gives a path for large bodies and streams, and for all when asked to', async (t) => {
    const { store } = await openStore(t);
    await store.put('aaaa', Buffer.alloc(1_000), {});
    await store.put('bbbb', Buffer.alloc(300_000), {});
    await store.put('cccc', inChunks(Buffer.alloc(1_000), 100), {});
    assert.equal((await found(store, 'aaaa')).path, undefined);
    assert.ok(await pathOf(store, 'bbbb'));
    assert.ok(await pathOf(store, 'cccc'));
    const { store: separate } = await openStore(t, { separateBodies: true });
    await separate.put('aaaa', Buffer.alloc(0), {});
    assert.deepEqual(await readFile(await pathOf(separate, 'aaaa')), Buffer.alloc(0));
  });

  it('keeps the path the same when only the meta changes', async (t) => {
    const { store } = await openStore(t, { separateBodies: true });
    await store.put('aaaa', Buffer.from('body'), {});
    const path = await pathOf(store, 'aaaa');
    await store.setMeta('aaaa', { fresh: true });
    assert.equal(await pathOf(store, 'aaaa'), path);
  });

  it('keeps a replaced and a deleted body readable, and counted, for the grace time', async (t) => {
    const { dir, store } = await openStore(t, { separateBodies: true });
    await store.put('aaaa', Buffer.from('first'), {});
    const first = await found(store, 'aaaa');
    await store.put('aaaa', Buffer.from('second'), {});
    const second = await pathOf(store, 'aaaa');
    await store.delete('aaaa');
    assert.equal(await store.get('aaaa'), null);
    assert.equal(await readFile(first.path!, 'utf8'), 'first');
    assert.equal(Buffer.from(await first.bytes()).toString(), 'first');
    assert.equal(await readFile(second, 'utf8'), 'second');
    assert.equal(store.usage!().bytes, await bytesOf(dir));
    assert.equal(store.usage!().bytes, 2 * 4096);
  });

  it('removes it after the grace time', async (t) => {
    const { dir, store } = await openStore(t, { separateBodies: true, graceSeconds: 0 });
    await store.put('aaaa', Buffer.from('first'), {});
    const first = await pathOf(store, 'aaaa');
    await store.put('aaaa', Buffer.from('second'), {});
    await eventually('removed', () => !existsSync(first));
    await expectBlob(store, 'aaaa', Buffer.from('second'), {});
    await eventually('counted', () => store.usage!().bytes === 2 * 4096);
    assert.equal(await bytesOf(dir), 2 * 4096);
  });

  it('removes waiting bodies early rather than go over its bound', async (t) => {
    const { dir, store } = await openStore(t, { separateBodies: true, maxBytes: 50_000 });
    for (let version = 0; version < 20; version += 1) {
      await store.put('aaaa', Buffer.alloc(10_000, version), { version });
      assert.ok((await bytesOf(dir)) <= 50_000);
    }
    await expectBlob(store, 'aaaa', Buffer.alloc(10_000, 19), { version: 19 });
  });

  it('gives a waiting body away before blobs that were used later', async (t) => {
    const blob = 2 * 4096;
    const { store } = await openStore(t, { separateBodies: true, maxBytes: 5 * blob, touchAfterSeconds: 0 });
    await store.put('key0', Buffer.from('first'), {});
    const replaced = await pathOf(store, 'key0');
    await store.put('key0', Buffer.from('second'), {});
    for (const key of ['key1', 'key2', 'key3']) await store.put(key, Buffer.from(key), {});
    await found(store, 'key0');
    assert.ok(existsSync(replaced));
    await store.put('key4', Buffer.from('key4'), {});
    assert.ok(!existsSync(replaced));
    for (const key of ['key0', 'key1', 'key2', 'key3', 'key4']) await found(store, key);
  });

  it('always finds a blob, whole, while it is replaced all the time', async (t) => {
    const { store } = await openStore(t, { separateBodies: true, graceSeconds: 0 });
    await store.put('aaaa', Buffer.alloc(2_000, 0), { version: 0 });
    let done = false;
    const writing = (async () => {
      for (let version = 1; version <= 60; version += 1) {
        await store.put('aaaa', Buffer.alloc(2_000, version), { version });
      }
      done = true;
    })();
    const read = async () => {
      while (!done) {
        const blob = await found(store, 'aaaa');
        assert.equal(blob.size, 2_000);
      }
    };
    await Promise.all([writing, read(), read(), read()]);
  });

  it('spares a body that was asked for just before its record is evicted', async (t) => {
    const { store } = await openStore(t, { separateBodies: true, touchAfterSeconds: 0, maxBytes: 60_000 });
    const paths = new Map<string, Buffer>();
    for (let index = 0; index < 40; index += 1) {
      const body = Buffer.alloc(6_000, index);
      await store.put(`key${index}`, body, {});
      paths.set(await pathOf(store, `key${index}`), body);
      // What was just put and asked for is the most recently used of all: it is never the one to go.
      assert.ok(body.equals(await readFile([...paths.keys()].at(-1)!)));
    }
  });
});
