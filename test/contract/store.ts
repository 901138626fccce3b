import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { access } from 'node:fs/promises';
import { describe, it, type TestContext } from 'node:test';
import { PictorError } from '../../src/core/errors.ts';
import type { BlobStore, StoredBlob } from '../../src/core/ports.ts';

/** What the suite asks of an implementation. */
export interface StoreUnderTest {
  readonly name: string;
  /** A fresh, empty store; everything it leaves is removed at the end of the test. */
  open(context: TestContext, maxBytes: number): Promise<BlobStore>;
  /** What a blob with this many body bytes counts towards `maxBytes`. */
  cost(bodyBytes: number): number;
  /** Absent: the store has no bound and no order of its own to check. Else why these tests are left out. */
  readonly unboundedBecause?: string;
}

const mebibyte = 1024 * 1024;

/** The contract of `BlobStore`, for every implementation and combination. */
export function describeStore(subject: StoreUnderTest): void {
  describe(`store contract: ${subject.name}`, () => {
    const open = (context: TestContext) => subject.open(context, 64 * mebibyte);
    const bounded = subject.unboundedBecause === undefined ? {} : { skip: subject.unboundedBecause };

    it('answers null for a key it does not hold', async (t) => {
      const store = await open(t);
      assert.equal(await store.get('0123456789abcdef'), null);
      assert.equal(store.peek?.('0123456789abcdef') ?? null, null);
    });

    it('returns exactly the bytes and the meta that were put', async (t) => {
      const store = await open(t);
      const body = randomBytes(20_000);
      const meta = { type: 'image/webp', numbers: [1, 2.5, -3], nested: { text: 'ä \u0000 €', none: null } };
      await store.put('cafe0001', body, meta);
      const blob = await found(store, 'cafe0001');
      assert.deepEqual(blob.meta, meta);
      assert.equal(blob.size, 20_000);
      assert.ok(body.equals(await blob.bytes()));
      assert.ok(blob.tier.length > 0);
    });

    it('gives the body at hand without a second read where it claims to', async (t) => {
      const store = await open(t);
      const body = randomBytes(5_000);
      await store.put('cafe0002', body, {});
      const blob = store.peek?.('cafe0002') ?? (await found(store, 'cafe0002'));
      if (blob.body !== undefined) assert.ok(body.equals(blob.body));
      assert.ok(body.equals(await blob.bytes()));
    });

    it('names a file that holds the body and nothing else, where it names one', async (t) => {
      const store = await open(t);
      const body = randomBytes(700_000);
      await store.put('cafe0003', body, { big: true });
      const blob = await found(store, 'cafe0003');
      if (blob.path !== undefined)
        assert.ok(body.equals(await (await import('node:fs/promises')).readFile(blob.path)));
    });

    for (const size of [0, 1, 4096, 262_143, 262_144, 262_145, 3 * mebibyte + 7]) {
      it(`keeps a body of ${size} bytes, given whole or as a stream`, async (t) => {
        const store = await open(t);
        const body = randomBytes(size);
        await store.put('aaaa0001', body, { how: 'whole' });
        await store.put('aaaa0002', inChunks(body, 10_000), { how: 'stream' });
        await expectBlob(store, 'aaaa0001', body, { how: 'whole' });
        await expectBlob(store, 'aaaa0002', body, { how: 'stream' });
      });
    }

    it('takes the meta from a function once the whole body has been read', async (t) => {
      const store = await open(t);
      const body = randomBytes(50_000);
      const digest = createHash('sha256');
      let calls = 0;
      const hashed = async function* () {
        for await (const chunk of inChunks(body, 7_000)) {
          digest.update(chunk);
          yield chunk;
        }
      };
      await store.put('beef0001', hashed(), () => {
        calls += 1;
        return { digest: digest.copy().digest('hex') };
      });
      const expected = createHash('sha256').update(body).digest('hex');
      await expectBlob(store, 'beef0001', body, { digest: expected });
      assert.equal(calls, 1);
    });

    it('replaces a blob as a whole', async (t) => {
      const store = await open(t);
      for (const size of [100, 400_000, 50, 300_000]) {
        const body = randomBytes(size);
        await store.put('dddd0001', body, { size });
        await expectBlob(store, 'dddd0001', body, { size });
      }
    });

    it('leaves a blob that was read untouched by a later replacement', async (t) => {
      const store = await open(t);
      for (const size of [1_000, 400_000]) {
        const old = randomBytes(size);
        await store.put('dddd0002', old, { version: 1 });
        const blob = await found(store, 'dddd0002');
        await store.put('dddd0002', randomBytes(size), { version: 2 });
        assert.deepEqual(blob.meta, { version: 1 });
        assert.ok(old.equals(await blob.bytes()));
      }
    });

    it('stores nothing of a stream that throws, and rejects with what it threw', async (t) => {
      const store = await open(t);
      const failure = new PictorError('SOURCE_TRUNCATED');
      await assert.rejects(
        store.put('eeee0001', breaking(randomBytes(300_000), failure), {}),
        (error) => error === failure,
      );
      assert.equal(await store.get('eeee0001'), null);

      const old = randomBytes(1_000);
      await store.put('eeee0001', old, { old: true });
      await assert.rejects(
        store.put('eeee0001', breaking(randomBytes(300_000), failure), {}),
        (error) => error === failure,
      );
      await expectBlob(store, 'eeee0001', old, { old: true });
    });

    it('changes the meta and leaves the body', async (t) => {
      const store = await open(t);
      for (const [key, size] of [
        ['ffff0001', 3_000],
        ['ffff0002', 500_000],
      ] as const) {
        const body = randomBytes(size);
        await store.put(key, body, { fresh: 1, gone: true });
        await store.setMeta(key, { fresh: 2 });
        await expectBlob(store, key, body, { fresh: 2 });
      }
    });

    it('ignores a change of meta for a key it does not hold', async (t) => {
      const store = await open(t);
      await store.setMeta('ffff0003', { fresh: 1 });
      assert.equal(await store.get('ffff0003'), null);
    });

    it('forgets what is deleted, also twice, and nothing else', async (t) => {
      const store = await open(t);
      const kept = randomBytes(2_000);
      await store.put('1111aaaa', randomBytes(1_000), {});
      await store.put('2222aaaa', randomBytes(400_000), {});
      await store.put('3333aaaa', kept, {});
      for (const key of ['1111aaaa', '2222aaaa', '2222aaaa', '4444aaaa']) await store.delete(key);
      assert.equal(await store.get('1111aaaa'), null);
      assert.equal(await store.get('2222aaaa'), null);
      assert.equal(store.peek?.('1111aaaa') ?? null, null);
      await expectBlob(store, '3333aaaa', kept, {});
    });

    it('leaves nothing under a path that was handed out of what is erased', async (t) => {
      const store = await open(t);
      await store.put('5555aaaa', randomBytes(400_000), {});
      const path = (await store.get('5555aaaa'))?.path;
      await (store.erase ?? store.delete)('5555aaaa');
      assert.equal(await store.get('5555aaaa'), null);
      if (path !== undefined) await assert.rejects(access(path), { code: 'ENOENT' });
    });

    it('keeps odd keys apart', async (t) => {
      const store = await open(t);
      const keys = [
        '.',
        '..',
        '...',
        '-rf',
        '_',
        'a',
        'A',
        'a.b',
        'a-b',
        'a_b',
        'con',
        'tmp',
        'size',
        'x'.repeat(250),
        '0'.repeat(64),
      ];
      for (const key of keys) await store.put(key, Buffer.from(`body of ${key}`), { key });
      for (const key of keys) await expectBlob(store, key, Buffer.from(`body of ${key}`), { key });
    });

    it('refuses keys that are none', async (t) => {
      const store = await open(t);
      for (const key of ['', 'a/b', '../a', 'a\0', 'ü', 'a b', 'x'.repeat(251), 'a\n']) {
        const isOurs = (error: unknown) => error instanceof PictorError && error.code === 'INTERNAL';
        await assert.rejects(store.put(key, Buffer.from('x'), {}), isOurs);
        await assert.rejects(store.get(key), isOurs);
        await assert.rejects(store.setMeta(key, {}), isOurs);
        await assert.rejects(store.delete(key), isOurs);
      }
    });

    it('lists the keys with a prefix', async (t) => {
      const store = await open(t);
      if (store.list === undefined) return t.skip('the store does not list');
      for (const key of ['aa01', 'aa02', 'ab01', 'ba01']) await store.put(key, randomBytes(100), {});
      const listed: string[] = [];
      for await (const key of store.list('aa')) listed.push(key);
      assert.deepEqual(listed.toSorted(), ['aa01', 'aa02']);
    });

    it('never mixes concurrent changes of the same keys', async (t) => {
      const store = await open(t);
      const keys = ['c0c00001', 'c0c00002', 'c0c00003'];
      const check = async (key: string) => {
        const blob = await store.get(key);
        if (blob !== null) assertWhole(await blob.bytes(), blob.meta);
      };
      const writes = Array.from({ length: 60 }, async (_, round) => {
        const key = keys[round % keys.length]!;
        const body = Buffer.alloc(round % 2 === 0 ? 3_000 + round : 300_000 + round, round);
        const meta = { fill: round, size: body.byteLength };
        await store.put(key, round % 5 === 0 ? inChunks(body, 50_000) : body, meta);
        await Promise.all(keys.map(check));
      });
      await Promise.all(writes);
      for (const key of keys) {
        const blob = await found(store, key);
        assertWhole(await blob.bytes(), blob.meta);
      }
    });

    it('holds the blob of the last put that finished', async (t) => {
      const store = await open(t);
      let last = -1;
      const puts = Array.from({ length: 24 }, async (_, index) => {
        const body = Buffer.alloc(index % 3 === 0 ? 280_000 : 900, index);
        await store.put('abad1dea', index % 4 === 0 ? inChunks(body, 30_000) : body, { index });
        last = index;
      });
      await Promise.all(puts);
      const blob = await found(store, 'abad1dea');
      assert.equal(blob.meta.index, last);
      assert.equal((await blob.bytes())[0], last);
    });

    it('does not bring back what was deleted while it was being read', async (t) => {
      const store = await open(t);
      for (let round = 0; round < 20; round += 1) {
        await store.put('dead0001', randomBytes(2_000), { round });
        const reads = [store.get('dead0001'), store.get('dead0001')];
        await Promise.all([store.delete('dead0001'), ...reads]);
        assert.equal(await store.get('dead0001'), null);
      }
    });

    it('serves one thousand mixed reads and writes with the right bytes', async (t) => {
      const store = await open(t);
      const bodyOf = (index: number) => Buffer.alloc(1_000 + index * 37, index);
      const jobs = Array.from({ length: 1_000 }, async (_, job) => {
        const index = job % 50;
        const key = `feed${String(index).padStart(4, '0')}`;
        if (job < 50) return store.put(key, bodyOf(index), { index });
        const blob = await store.get(key);
        if (blob === null) return;
        assert.equal(blob.meta.index, index);
        assert.ok(bodyOf(index).equals(await blob.bytes()));
      });
      await Promise.all(jobs);
    });

    it('stays within its bound and goes on taking blobs', bounded, async (t) => {
      const size = 10_000;
      const maxBytes = 10 * subject.cost(size);
      const store = await subject.open(t, maxBytes);
      for (let index = 0; index < 60; index += 1) {
        const body = Buffer.alloc(size, index);
        await store.put(`b0b0${index}`, body, { index });
        const usage = store.usage?.();
        if (usage !== undefined) assert.ok(usage.bytes <= maxBytes, `${usage.bytes} of ${maxBytes} bytes`);
        await expectBlob(store, `b0b0${index}`, body, { index });
      }
      const held = await countHeld(
        store,
        Array.from({ length: 60 }, (_, index) => `b0b0${index}`),
      );
      assert.ok(held >= 5 && held <= 10, `${held} blobs held`);
    });

    it('gives up the least recently used first', bounded, async (t) => {
      const size = 10_000;
      const store = await subject.open(t, 4 * subject.cost(size));
      for (const key of ['lru1', 'lru2', 'lru3', 'lru4']) await store.put(key, randomBytes(size), {});
      await found(store, 'lru1');
      await found(store, 'lru3');
      await store.put('lru5', randomBytes(size), {});
      await store.put('lru6', randomBytes(size), {});
      assert.equal(await countHeld(store, ['lru2', 'lru4']), 0);
      assert.equal(await countHeld(store, ['lru1', 'lru3', 'lru5', 'lru6']), 4);
    });

    it('forgets at once what is larger than itself, with the old blob of that key', bounded, async (t) => {
      const store = await subject.open(t, 300_000);
      await store.put('b16b00b5', randomBytes(1_000), {});
      await store.put('b16b00b5', randomBytes(400_000), {});
      assert.equal(await store.get('b16b00b5'), null);
      await store.put('b16b00b5', randomBytes(1_000), {});
      let returned = false;
      const endless = async function* () {
        try {
          for (;;) yield randomBytes(20_000);
        } finally {
          returned = true;
        }
      };
      await store.put('b16b00b5', endless(), {});
      assert.equal(await store.get('b16b00b5'), null);
      assert.ok(returned, 'the stream was let go');
      await store.put('5ma11000', randomBytes(1_000), {});
      await found(store, '5ma11000');
    });
  });
}

export async function found(store: BlobStore, key: string): Promise<StoredBlob> {
  const blob = await store.get(key);
  assert.ok(blob !== null, `${key} is held`);
  return blob;
}

export async function expectBlob(store: BlobStore, key: string, body: Buffer, meta: object): Promise<void> {
  const blob = await found(store, key);
  assert.deepEqual(blob.meta, meta);
  assert.equal(blob.size, body.byteLength);
  assert.ok(body.equals(await blob.bytes()), `bytes of ${key}`);
}

export async function* inChunks(body: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let offset = 0; offset < body.byteLength; offset += size) yield body.subarray(offset, offset + size);
}

async function* breaking(body: Uint8Array, failure: Error): AsyncGenerator<Uint8Array> {
  yield* inChunks(body, 65_536);
  throw failure;
}

/** Fails unless the body is what the meta says: one value, of that length. */
export function assertWhole(bytes: Uint8Array, meta: Readonly<Record<string, unknown>>): void {
  assert.equal(bytes.byteLength, meta.size);
  assert.ok(
    bytes.every((byte) => byte === meta.fill),
    `every byte is ${String(meta.fill)}`,
  );
}

/** Looks without counting as a use where that is possible; the order of eviction is not asked for afterwards. */
async function countHeld(store: BlobStore, keys: readonly string[]): Promise<number> {
  const blobs = await Promise.all(keys.map((key) => store.get(key)));
  return blobs.filter((blob) => blob !== null).length;
}
