import assert from 'node:assert/strict';
import {
  appendFile,
  chmod,
  mkdir,
  readFile,
  rm,
  stat,
  symlink,
  truncate,
  unlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { placeOf } from '../../../src/stores/fs/layout.ts';
import { createFsStore } from '../../../src/stores/fs.ts';
import { expectBlob, found } from '../../contract/store.ts';
import { filesOf, storeEvents } from '../../support/store-files.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

async function openStore(t: TestContext) {
  const dir = await temporaryFolder(t);
  const events = storeEvents();
  const store = await createFsStore({ dir, maxBytes: 100_000_000, emit: events.emit });
  t.after(() => store.close());
  const recordOf = (key: string) => placeOf(join(dir, 'blobs'), key).record;
  return { dir, store, events, recordOf };
}

const small = Buffer.alloc(5_000, 5);
const large = Buffer.alloc(500_000, 6);

const damages: Record<string, (file: string) => Promise<void>> = {
  'cut in half': async (file) => truncate(file, Math.floor((await stat(file)).size / 2)),
  'cut to nothing': (file) => truncate(file, 0),
  'one byte short': async (file) => truncate(file, (await stat(file)).size - 1),
  'one byte long': (file) => appendFile(file, 'x'),
  'full of zeros': async (file) => writeFile(file, Buffer.alloc((await stat(file)).size)),
  'with a changed byte': async (file) => {
    const bytes = await readFile(file);
    bytes[bytes.byteLength - 3]! ^= 1;
    await writeFile(file, bytes);
  },
};

describe('disk store: damaged files', () => {
  for (const [how, damage] of Object.entries(damages)) {
    it(`takes a record ${how} for missing and removes it`, async (t) => {
      const { dir, store, events, recordOf } = await openStore(t);
      await store.put('aaaa', small, {});
      await damage(recordOf('aaaa'));
      assert.equal(await store.get('aaaa'), null);
      assert.deepEqual(await filesOf(dir, 'blobs'), []);
      assert.deepEqual(
        events.seen.map(({ what }) => what),
        ['repaired'],
      );
      await store.put('aaaa', small, { again: true });
      await expectBlob(store, 'aaaa', small, { again: true });
    });

    it(`never hands out a body of its own ${how}`, async (t) => {
      const { store, events, recordOf } = await openStore(t);
      await store.put('aaaa', large, {});
      const { path } = await found(store, 'aaaa');
      await damage(path!);
      const blob = await store.get('aaaa');
      // The length is checked at once, the sum when the body is read.
      if (blob !== null) await assert.rejects(blob.bytes(), { code: 'STORE_FAILED' });
      assert.equal(await store.get('aaaa'), null);
      await assert.rejects(stat(recordOf('aaaa')), { code: 'ENOENT' });
      assert.deepEqual(
        events.seen.map(({ what }) => what),
        ['repaired'],
      );
    });
  }

  it('never hands out the path of a damaged body, also when length and time are as they were', async (t) => {
    const { dir, store, recordOf } = await openStore(t);
    await store.put('aaaa', large, {});
    const { path } = await found(store, 'aaaa');
    const { atime, mtime } = await stat(path!);
    await damages['with a changed byte']!(path!);
    await utimes(path!, atime, mtime);
    const events = storeEvents();
    const next = await createFsStore({ dir, maxBytes: 100_000_000, emit: events.emit });
    t.after(() => next.close());
    const looks = await Promise.all([next.get('aaaa'), next.get('aaaa')]);
    assert.deepEqual(looks, [null, null]);
    await assert.rejects(stat(recordOf('aaaa')), { code: 'ENOENT' });
    assert.deepEqual(
      events.seen.map(({ what }) => what),
      ['repaired'],
    );
    await next.put('aaaa', large, {});
    await expectBlob(next, 'aaaa', large, {});
  });

  it('takes a record whose body is gone for missing', async (t) => {
    const { store } = await openStore(t);
    await store.put('aaaa', large, {});
    await unlink((await found(store, 'aaaa')).path!);
    assert.equal(await store.get('aaaa'), null);
  });

  it('does not answer with the record of another key', async (t) => {
    const { store, recordOf } = await openStore(t);
    await store.put('aaaa', small, {});
    await store.put('bbbb', Buffer.from('other'), {});
    await writeFile(recordOf('bbbb'), await readFile(recordOf('aaaa')));
    assert.equal(await store.get('bbbb'), null);
    await expectBlob(store, 'aaaa', small, {});
  });

  it('forgets what it counted for a damaged record', async (t) => {
    const { store, recordOf } = await openStore(t);
    await store.put('aaaa', small, {});
    const { bytes } = store.usage!();
    assert.ok(bytes > 0);
    await truncate(recordOf('aaaa'), (await stat(recordOf('aaaa'))).size - 1);
    await store.get('aaaa');
    assert.deepEqual(store.usage!(), { bytes: 0, entries: 0 });
  });

  it('goes on when its folders are removed while it runs', async (t) => {
    const { dir, store } = await openStore(t);
    await store.put('aaaa', small, {});
    for (const part of ['blobs', 'tmp', 'size']) await rm(join(dir, part), { recursive: true });
    assert.equal(await store.get('aaaa'), null);
    await store.put('aaaa', small, {});
    await store.put('bbbb', large, {});
    await expectBlob(store, 'aaaa', small, {});
    await expectBlob(store, 'bbbb', large, {});
  });

  it('leaves strange files and folders alone', async (t) => {
    const { dir, store } = await openStore(t);
    await store.put('aaaa', small, {});
    const strange = [
      join(dir, 'blobs', 'README'),
      join(dir, 'blobs', 'zz', 'x'),
      join(dir, 'tmp', 'notes.txt'),
    ];
    await mkdir(join(dir, 'blobs', 'zz'));
    for (const file of strange) await writeFile(file, 'mine');
    const keys: string[] = [];
    for await (const key of store.list!('')) keys.push(key);
    assert.deepEqual(keys, ['aaaa']);
    for (const file of strange) assert.equal(await readFile(file, 'utf8'), 'mine');
  });

  it('answers a miss and reports it when a record cannot be read', async (t) => {
    const { store, events, recordOf } = await openStore(t);
    await store.put('aaaa', small, {});
    // A link to itself: cannot be opened by anyone, root included.
    await unlink(recordOf('aaaa'));
    await symlink(recordOf('aaaa'), recordOf('aaaa'));
    assert.equal(await store.get('aaaa'), null);
    assert.deepEqual(
      events.seen.map(({ what }) => what),
      ['read-failed'],
    );
  });

  it('lets nobody else look at what it keeps', async (t) => {
    if (process.platform === 'win32') return t.skip('no such permissions on Windows');
    const { dir, store, recordOf } = await openStore(t);
    await store.put('aaaa', small, {});
    await store.put('bbbb', large, {});
    for (const file of [...(await filesOf(dir, 'blobs')), ...(await filesOf(dir, 'size'))]) {
      assert.equal((await stat(file)).mode & 0o777, 0o600, file);
    }
    for (const folder of ['blobs', 'tmp', 'size'].map((part) => join(dir, part))) {
      assert.equal((await stat(folder)).mode & 0o777, 0o700, folder);
    }
    assert.equal((await stat(join(recordOf('aaaa'), '..'))).mode & 0o777, 0o700);
  });

  it('says STORE_FAILED when its folder cannot be made', async (t) => {
    const file = join(await temporaryFolder(t), 'file');
    await writeFile(file, '');
    const opening = createFsStore({ dir: join(file, 'store'), maxBytes: 1_000, emit: () => {} });
    await assert.rejects(opening, { code: 'STORE_FAILED' });
  });

  it('refuses changes after it was closed and still answers reads', async (t) => {
    const { store } = await openStore(t);
    await store.put('aaaa', small, {});
    await store.close();
    await assert.rejects(store.put('aaaa', small, {}), { code: 'STORE_FAILED' });
    await expectBlob(store, 'aaaa', small, {});
  });

  it('fails a put with STORE_FAILED and one event when the folder cannot be written to', async (t) => {
    if (process.getuid?.() === 0) return t.skip('permissions do not stop root; the full disk test covers it');
    const { dir, store, events } = await openStore(t);
    await store.put('aaaa', small, {});
    await chmod(join(dir, 'tmp'), 0o500);
    await assert.rejects(store.put('bbbb', small, {}), { code: 'STORE_FAILED' });
    assert.deepEqual(
      events.seen.map(({ what }) => what),
      ['write-failed'],
    );
    await expectBlob(store, 'aaaa', small, {});
    await chmod(join(dir, 'tmp'), 0o700);
    await store.put('bbbb', small, {});
  });
});
