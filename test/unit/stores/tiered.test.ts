import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PictorError } from '../../../src/core/errors.ts';
import type { BlobStore } from '../../../src/core/ports.ts';
import { createFsStore } from '../../../src/stores/fs.ts';
import { createMemoryStore } from '../../../src/stores/memory.ts';
import { createTieredStore } from '../../../src/stores/tiered.ts';
import { expectBlob, found, inChunks } from '../../contract/store.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const memory = (maxBytes = 1_000_000) => createMemoryStore({ maxBytes, maxEntryBytes: maxBytes });
const failing = () => Promise.reject(new PictorError('STORE_FAILED'));

/** A lower tier in memory whose single methods can be replaced. */
const lowerTier = (changes: Partial<BlobStore> = {}): BlobStore => {
  const { peek: _peek, ...store } = memory();
  return { ...store, ...changes };
};

describe('tiered store', () => {
  it('reads a blob once from the lower tier for any number of concurrent readers, then never again', async () => {
    let reads = 0;
    const inner = lowerTier();
    const lower = lowerTier({
      get: async (key) => {
        reads += 1;
        await new Promise((resolve) => setImmediate(resolve));
        return inner.get(key);
      },
    });
    const store = createTieredStore([memory(), lower]);
    await inner.put('aaaa', Buffer.from('body'), { n: 1 });
    const blobs = await Promise.all(Array.from({ length: 100 }, () => store.get('aaaa')));
    for (const blob of blobs) assert.deepEqual(await blob?.bytes(), Buffer.from('body'));
    assert.equal(reads, 1);
    assert.equal(store.peek?.('aaaa')?.meta.n, 1);
    await found(store, 'aaaa');
    assert.equal(reads, 1);
  });

  it('labels a blob with the tier that answered', async (t) => {
    const disk = await createFsStore({ dir: await temporaryFolder(t), maxBytes: 1_000_000, emit: () => {} });
    const store = createTieredStore([memory(), disk]);
    t.after(() => store.close());
    await disk.put('aaaa', Buffer.from('body'), {});
    assert.equal((await found(store, 'aaaa')).tier, 'disk');
    assert.equal((await found(store, 'aaaa')).tier, 'memory');
  });

  it('leaves a body below that is too large for the upper tier, with its path', async (t) => {
    const disk = await createFsStore({ dir: await temporaryFolder(t), maxBytes: 10_000_000, emit: () => {} });
    const upper = memory(100_000);
    const store = createTieredStore([upper, disk]);
    t.after(() => store.close());
    const body = Buffer.alloc(500_000, 3);
    await store.put('aaaa', body, {});
    const blob = await found(store, 'aaaa');
    assert.ok(blob.path !== undefined);
    assert.equal(blob.body, undefined);
    assert.equal(upper.peek?.('aaaa'), null);
    await expectBlob(store, 'aaaa', body, {});
  });

  it('shows a put in the upper tier at once and settles when the lower one has it', async () => {
    const gate = Promise.withResolvers<void>();
    const lower = lowerTier({ put: () => gate.promise });
    const store = createTieredStore([memory(), lower]);
    let settled = false;
    const put = store.put('aaaa', Buffer.from('body'), {}).then(() => {
      settled = true;
    });
    assert.ok(store.peek?.('aaaa'));
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(settled, false);
    gate.resolve();
    await put;
  });

  it('keeps a blob above when the lower tier fails, and removes the old one below', async () => {
    const inner = lowerTier();
    const lower = { ...inner, put: failing };
    const store = createTieredStore([memory(), lower]);
    await inner.put('aaaa', Buffer.from('old'), {});
    await store.put('aaaa', Buffer.from('new'), {});
    await expectBlob(store, 'aaaa', Buffer.from('new'), {});
    assert.equal(await inner.get('aaaa'), null);

    await inner.put('bbbb', Buffer.from('old'), {});
    await store.put('bbbb', inChunks(Buffer.from('new from a stream'), 3), {});
    await expectBlob(store, 'bbbb', Buffer.from('new from a stream'), {});
    assert.equal(await inner.get('bbbb'), null);
  });

  it('takes the rest of a stream when the lower tier fails in the middle', async () => {
    const lower = lowerTier({
      put: async (_key, body) => {
        for await (const _chunk of body as AsyncIterable<Uint8Array>) return failing();
      },
    });
    const store = createTieredStore([memory(), lower]);
    const body = Buffer.alloc(50_000, 9);
    await store.put('aaaa', inChunks(body, 1_000), { n: 1 });
    await expectBlob(store, 'aaaa', body, { n: 1 });
  });

  it('rejects when no tier can hold the blob, and keeps the old one', async () => {
    const inner = lowerTier();
    const store = createTieredStore([memory(5_000), { ...inner, put: failing }]);
    await inner.put('aaaa', Buffer.from('old'), {});
    for (const body of [Buffer.alloc(6_000), inChunks(Buffer.alloc(20_000), 1_000)]) {
      await assert.rejects(store.put('aaaa', body, {}), { code: 'STORE_FAILED' });
      await expectBlob(store, 'aaaa', Buffer.from('old'), {});
    }
  });

  it('lets go of a stream that nobody can hold', async () => {
    let returned = false;
    const endless = async function* () {
      try {
        for (;;) yield new Uint8Array(1_000);
      } finally {
        returned = true;
      }
    };
    const store = createTieredStore([memory(5_000), lowerTier({ put: failing })]);
    await assert.rejects(store.put('aaaa', endless(), {}), { code: 'STORE_FAILED' });
    assert.ok(returned);
  });

  it('reports a failed delete and a failed change of meta', async () => {
    const store = createTieredStore([memory(), lowerTier({ delete: failing, setMeta: failing })]);
    await assert.rejects(store.delete('aaaa'), { code: 'STORE_FAILED' });
    await assert.rejects(store.setMeta('aaaa', {}), { code: 'STORE_FAILED' });
  });

  for (const change of ['delete', 'put', 'setMeta'] as const) {
    it(`does not carry up what was read before a ${change}`, async () => {
      const inner = lowerTier();
      const gate = Promise.withResolvers<void>();
      const lower = {
        ...inner,
        get: async (key: string) => {
          const blob = await inner.get(key);
          await gate.promise;
          return blob;
        },
      };
      const upper = memory();
      const store = createTieredStore([upper, lower]);
      await inner.put('aaaa', Buffer.from('old'), { version: 1 });
      const reading = store.get('aaaa');
      await new Promise((resolve) => setImmediate(resolve));
      if (change === 'delete') await store.delete('aaaa');
      if (change === 'put') await store.put('aaaa', Buffer.from('new'), { version: 2 });
      if (change === 'setMeta') await store.setMeta('aaaa', { version: 2 });
      gate.resolve();
      await reading;
      assert.notEqual(upper.peek?.('aaaa')?.meta.version, 1);
    });
  }

  it('does not carry up what was read while a delete was under way', async () => {
    const inner = lowerTier();
    const started = Promise.withResolvers<void>();
    const gate = Promise.withResolvers<void>();
    const lower = {
      ...inner,
      delete: async (key: string) => {
        started.resolve();
        await gate.promise;
        await inner.delete(key);
      },
      get: async (key: string) => {
        const blob = await inner.get(key);
        gate.resolve();
        await new Promise((resolve) => setTimeout(resolve, 5));
        return blob;
      },
    };
    const store = createTieredStore([memory(), lower]);
    await inner.put('aaaa', Buffer.from('old'), {});
    const deleting = store.delete('aaaa');
    await started.promise;
    await store.get('aaaa');
    await deleting;
    assert.equal(store.peek?.('aaaa'), null);
    assert.equal(await store.get('aaaa'), null);
  });

  it('brings changes to the lower tier in the order they were asked for', async () => {
    const inner = lowerTier();
    let first = true;
    const lower: BlobStore = {
      ...inner,
      put: async (key, body, meta) => {
        // The first write is the slow one.
        if (first) {
          first = false;
          await new Promise((resolve) => setTimeout(resolve, 10));
        }
        return inner.put(key, body, meta);
      },
    };
    const store = createTieredStore([memory(), lower]);
    await Promise.all(
      [1, 2, 3].map((version) => store.put('aaaa', Buffer.from(`version ${version}`), { version })),
    );
    assert.equal(store.peek?.('aaaa')?.meta.version, 3);
    assert.equal((await inner.get('aaaa'))?.meta.version, 3);
  });

  it('keeps the later put above when an earlier stream ends after it', async () => {
    const inner = lowerTier();
    const store = createTieredStore([memory(), inner]);
    const gate = Promise.withResolvers<void>();
    const slow = async function* () {
      yield Buffer.from('from the ');
      await gate.promise;
      yield Buffer.from('stream');
    };
    const first = store.put('aaaa', slow(), { version: 1 });
    await new Promise((resolve) => setImmediate(resolve));
    const second = store.put('aaaa', Buffer.from('later'), { version: 2 });
    gate.resolve();
    await first;
    assert.equal(store.peek?.('aaaa')?.meta.version, 2);
    await second;
    assert.equal(store.peek?.('aaaa')?.meta.version, 2);
    assert.equal((await inner.get('aaaa'))?.meta.version, 2);
  });

  it('tells the lower tier now and then that a blob is in use above', async () => {
    let touches = 0;
    const lower = lowerTier({
      touch: async () => {
        touches += 1;
      },
    });
    const store = createTieredStore([memory(), lower], { touchAfterSeconds: 0 });
    await store.put('aaaa', Buffer.from('body'), {});
    store.peek?.('aaaa');
    assert.equal(touches, 0);
    store.peek?.('aaaa');
    await store.get('aaaa');
    assert.equal(touches, 2);

    const rarely = createTieredStore([memory(), lower]);
    await rarely.put('aaaa', Buffer.from('body'), {});
    for (let look = 0; look < 100; look += 1) rarely.peek?.('aaaa');
    assert.equal(touches, 2);
  });

  it('answers null when the file has gone between finding and reading it', async () => {
    const lower = lowerTier({
      get: async () => ({ meta: {}, size: 10, path: '/gone', tier: 'disk', bytes: failing }),
    });
    assert.equal(await createTieredStore([memory(), lower]).get('aaaa'), null);
  });

  it('is the store itself when there is only one', () => {
    const only = memory();
    assert.equal(createTieredStore([only]), only);
  });
});

/** A tier that takes turns of the event loop for what it does, as a disk does. */
const slowTier = (changes: Partial<BlobStore> = {}): BlobStore => {
  const inner = lowerTier();
  const turns = async (count: number) => {
    for (let turn = 0; turn < count; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  };
  let puts = 0;
  return {
    ...inner,
    async put(key, body, meta) {
      // Each put is quicker than the one before it, so that without an order the first one would be the last to arrive.
      puts += 1;
      await turns(Math.max(1, 20 - 5 * puts));
      return inner.put(key, body, meta);
    },
    ...changes,
  };
};

describe('tiered store over tiers that take their time', () => {
  it('holds in every tier what was put last', async () => {
    const [disk, shared] = [slowTier(), slowTier()];
    const store = createTieredStore([disk, shared]);
    await Promise.all([1, 2, 3].map((n) => store.put('aaaa', Buffer.from(`body ${n}`), { n })));
    for (const tier of [disk, shared]) await expectBlob(tier, 'aaaa', Buffer.from('body 3'), { n: 3 });
  });

  it('answers what it found below without waiting until it is carried up', async () => {
    const shared = lowerTier();
    const disk = slowTier({ put: () => new Promise(() => {}) });
    await shared.put('aaaa', Buffer.from('body'), { n: 1 });
    await expectBlob(createTieredStore([disk, shared]), 'aaaa', Buffer.from('body'), { n: 1 });
  });

  it('answers what it found below when it cannot be carried up', async () => {
    const shared = lowerTier();
    await shared.put('aaaa', Buffer.from('body'), { n: 1 });
    const store = createTieredStore([slowTier({ put: failing }), shared]);
    for (let time = 0; time < 2; time += 1) await expectBlob(store, 'aaaa', Buffer.from('body'), { n: 1 });
  });

  it('keeps a blob in the tier that works, and nothing old in the one that does not', async () => {
    for (const broken of ['upper', 'lower'] as const) {
      let fail = false;
      const inner = slowTier();
      const unsteady = slowTier({
        ...inner,
        put: (key, body, meta) => (fail ? failing() : inner.put(key, body, meta)),
      });
      const steady = slowTier();
      const store = createTieredStore(broken === 'upper' ? [unsteady, steady] : [steady, unsteady]);
      await store.put('aaaa', Buffer.from('old'), {});
      fail = true;
      await store.put('aaaa', Buffer.from('new'), { n: 2 });
      await expectBlob(steady, 'aaaa', Buffer.from('new'), { n: 2 });
      assert.equal(await inner.get('aaaa'), null, broken);
    }
  });

  it('says so when no tier holds a blob', async () => {
    const store = createTieredStore([slowTier({ put: failing }), slowTier({ put: failing })]);
    const isStoreFailure = (error: unknown) => error instanceof PictorError && error.code === 'STORE_FAILED';
    await assert.rejects(store.put('aaaa', Buffer.from('body'), {}), isStoreFailure);
    await assert.rejects(store.put('aaaa', inChunks(Buffer.from('body'), 2), {}), isStoreFailure);
  });
});
