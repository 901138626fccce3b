/** What every `Bucket` keeps to, whatever it is made of. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import type { Bucket } from '../../src/core/bucket.ts';
import { PictorError } from '../../src/core/errors.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

export interface BucketUnderTest {
  readonly name: string;
  /** An empty bucket, closed with the test. */
  open(context: TestContext): Promise<Bucket>;
  /** True: the type of an object is told as it was put. */
  readonly keepsType: boolean;
  /** Keys that are objects' here, besides those that are everywhere. */
  readonly alsoKeys: readonly string[];
  /** What no object may be called here. */
  readonly noKeys: readonly string[];
  /** Objects that can be listed here; more than a thousand where that takes several questions. */
  readonly countable: number;
  /** Why the order of its lists is not looked at. Absent: it is. */
  readonly unordered?: string;
}

const png = { contentType: 'image/png' };

/** Characters that URLs, file systems and signatures like to trip over. */
const oddKeys = [
  'a b/é+%2F.png',
  'ns/6e0/072/682/e66287b662827da75b244a3/original',
  'plus+and space/und=&?#;:@$,!*()\'"~.jpg',
  '100%/%25/%.png',
  'ünïcode/日本語/🙂.webp',
  '.hidden/.file',
  'a/b.c/d..e',
  `${'x'.repeat(200)}/${'y'.repeat(200)}`,
];

async function bytesOf(bucket: Bucket, key: string, part?: { first: number; last: number }): Promise<Buffer> {
  const found = await bucket.get(key, part === undefined ? {} : { part });
  assert.notEqual(found, null, `${key} is missing`);
  return Buffer.concat(await Array.fromAsync(found!.body));
}

const keysOf = async (bucket: Bucket, prefix = ''): Promise<string[]> =>
  (await Array.fromAsync(bucket.list(prefix))).map(({ key }) => key).toSorted();

export function describeBucket({
  name,
  open,
  keepsType,
  alsoKeys,
  noKeys,
  countable,
  unordered,
}: BucketUnderTest): void {
  describe(`bucket: ${name}`, () => {
    it('has nothing of what was never put', async (context) => {
      const bucket = await open(context);
      assert.equal(await bucket.get('nothing/here'), null);
      assert.equal(await bucket.head('nothing/here'), null);
      assert.deepEqual(await keysOf(bucket), []);
      await bucket.delete('nothing/here');
    });

    it('gives back what was put, with its facts', async (context) => {
      const bucket = await open(context);
      const bytes = randomBytes(70_000);
      const before = Date.now();
      await bucket.put('dir/a.png', bytes, png);
      const found = await bucket.get('dir/a.png');
      assert.ok(Buffer.concat(await Array.fromAsync(found!.body)).equals(bytes));
      const { body: _, path: __, ...facts } = found!;
      assert.equal(facts.size, bytes.byteLength);
      // S3 tells whole seconds.
      assert.ok(facts.modified > before - 2000 && facts.modified < Date.now() + 2000);
      assert.equal(facts.contentType, keepsType ? 'image/png' : undefined);
      assert.match(facts.etag!, /^[^"]+$/);
      assert.deepEqual(await bucket.head('dir/a.png'), facts);
      const listed = await Array.fromAsync(bucket.list(''));
      assert.deepEqual(
        listed.map(({ key, size }) => ({ key, size })),
        [{ key: 'dir/a.png', size: bytes.byteLength }],
      );
    });

    it('replaces an object, and tells by the tag that it did', async (context) => {
      const bucket = await open(context);
      await bucket.put('a', Buffer.from('one'), png);
      const before = await bucket.head('a');
      await bucket.put('a', Buffer.from('two and more'), png);
      assert.equal((await bytesOf(bucket, 'a')).toString(), 'two and more');
      assert.notEqual((await bucket.head('a'))!.etag, before!.etag);
      assert.deepEqual(await keysOf(bucket), ['a']);
    });

    it('keeps an object without bytes', async (context) => {
      const bucket = await open(context);
      await bucket.put('empty', new Uint8Array(), png);
      assert.equal((await bucket.head('empty'))!.size, 0);
      assert.equal((await bytesOf(bucket, 'empty')).byteLength, 0);
    });

    for (const key of [...oddKeys, ...alsoKeys]) {
      it(`takes the key ${JSON.stringify(key)} as it is`, async (context) => {
        const bucket = await open(context);
        const bytes = Buffer.from(key);
        await bucket.put(key, bytes, png);
        assert.ok((await bytesOf(bucket, key)).equals(bytes));
        assert.deepEqual(await keysOf(bucket), [key]);
        assert.deepEqual(await keysOf(bucket, key.slice(0, -1)), [key]);
        assert.deepEqual(await keysOf(bucket, `${key}z`), []);
        await bucket.delete(key);
        assert.equal(await bucket.head(key), null);
        assert.deepEqual(await keysOf(bucket), []);
      });
    }

    for (const key of ['', '..', '../x', 'a/../b', 'a/./b', 'a/..', 'nul\0', 'x'.repeat(1025), ...noKeys]) {
      it(`has no object ${JSON.stringify(key.slice(0, 30))}, and takes none`, async (context) => {
        const bucket = await open(context);
        assert.equal(await bucket.get(key), null);
        assert.equal(await bucket.head(key), null);
        await assert.rejects(bucket.put(key, Buffer.from('x'), png), { code: 'STORAGE_REFUSED' });
        await bucket.delete(key);
        assert.deepEqual(await keysOf(bucket), []);
      });
    }

    it('reads parts', async (context) => {
      const bucket = await open(context);
      const bytes = randomBytes(200_000);
      await bucket.put('a', bytes, png);
      for (const [first, last] of [
        [0, 0],
        [0, 199_999],
        [65_530, 65_545],
        [199_999, 199_999],
        [150_000, 300_000],
      ] as const) {
        const found = await bucket.get('a', { part: { first, last } });
        assert.equal(found!.size, bytes.byteLength);
        const read = Buffer.concat(await Array.fromAsync(found!.body));
        assert.ok(
          read.equals(bytes.subarray(first, last + 1)),
          `${read.byteLength} bytes of ${first}-${last}`,
        );
      }
      assert.equal((await bytesOf(bucket, 'a', { first: 200_000, last: 200_010 })).byteLength, 0);
    });

    it('takes a file, of a few bytes or of many', async (context) => {
      const bucket = await open(context);
      const folder = await temporaryFolder(context);
      for (const size of [1000, 20_000_000]) {
        const bytes = randomBytes(size);
        const file = join(folder, String(size));
        await writeFile(file, bytes);
        await bucket.put(`file/${size}`, { file, size }, png);
        assert.ok((await bytesOf(bucket, `file/${size}`)).equals(bytes));
      }
    });

    it('takes no file that is not as long as was said, or not there', async (context) => {
      const bucket = await open(context);
      const file = join(await temporaryFolder(context), 'short');
      await writeFile(file, 'short');
      await assert.rejects(bucket.put('a', { file, size: 6 }, png), { code: 'STORAGE_FAILED' });
      await assert.rejects(bucket.put('a', { file: `${file}er`, size: 6 }, png), { code: 'STORAGE_FAILED' });
      assert.equal(await bucket.head('a'), null);
      assert.deepEqual(await keysOf(bucket), []);
    });

    it('is whole at any time while many put the same and others', async (context) => {
      const bucket = await open(context);
      const versions = Array.from({ length: 12 }, (_, index) => Buffer.alloc(30_000 + index, index));
      await bucket.put('same', versions[0]!, png);
      let done = false;
      const reading = (async () => {
        while (!done) {
          const bytes = await bytesOf(bucket, 'same').catch(replacedMeanwhile);
          if (bytes !== null)
            assert.ok(
              versions.some((each) => each.equals(bytes)),
              'neither old nor new',
            );
        }
      })();
      await Promise.all(
        versions.flatMap((bytes, index) => [
          bucket.put('same', bytes, png),
          bucket.put(`many/${index % 3}/${index}`, bytes, png),
        ]),
      );
      done = true;
      await reading;
      for (const [index, bytes] of versions.entries())
        assert.ok((await bytesOf(bucket, `many/${index % 3}/${index}`)).equals(bytes));
      assert.equal((await keysOf(bucket)).length, versions.length + 1);
    });

    it('lists in the order of the keys, from any of them on', async (context) => {
      const bucket = await open(context);
      if (bucket.listFrom === undefined || unordered !== undefined)
        return context.skip(unordered ?? 'knows no order');
      const keys = [
        'a-b/x',
        'a.c',
        'a/b',
        'a/b-c/d',
        'a/bc',
        'ab',
        'a0/z',
        'b/é',
        'b/z',
        'z/\u{10000}',
        'z/\uffee',
      ];
      for (const key of keys) await bucket.put(key, Buffer.from(key), png);
      const inOrder = keys.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
      const from = async (prefix: string, after: string) =>
        (await Array.fromAsync(bucket.listFrom!(prefix, after))).map(({ key }) => key);
      assert.deepEqual(await from('', ''), inOrder);
      for (const after of [...inOrder, 'a', 'a/', 'a/b-', 'b/', 'zz'])
        for (const prefix of ['', 'a', 'a/', 'a/b', 'z/', 'none/'])
          assert.deepEqual(
            await from(prefix, after),
            inOrder.filter(
              (key) => key.startsWith(prefix) && Buffer.compare(Buffer.from(key), Buffer.from(after)) > 0,
            ),
            `${prefix} after ${after}`,
          );
    });

    it('lists by any beginning, however many there are', async (context) => {
      const bucket = await open(context);
      const keys = Array.from({ length: countable }, (_, index) => `many/${index % 7}/${index}`);
      const rest = [...keys];
      await Promise.all(
        Array.from({ length: 20 }, async () => {
          for (let key = rest.pop(); key !== undefined; key = rest.pop())
            await bucket.put(key, Buffer.from(key), png);
        }),
      );
      assert.deepEqual(await keysOf(bucket), keys.toSorted());
      const [inFolder, halfName] = ['many/3/', 'many/3/1'];
      for (const prefix of [inFolder, halfName, 'many/', 'many', 'man', 'many/3'])
        assert.deepEqual(
          await keysOf(bucket, prefix),
          keys.filter((key) => key.startsWith(prefix)).toSorted(),
          prefix,
        );
      assert.deepEqual(await keysOf(bucket, 'any'), []);
    });

    it('forgets what is deleted, and nothing else', async (context) => {
      const bucket = await open(context);
      for (const key of ['d/a', 'd/b', 'd.c']) await bucket.put(key, Buffer.from(key), png);
      await bucket.delete('d/a');
      assert.equal(await bucket.get('d/a'), null);
      assert.deepEqual(await keysOf(bucket), ['d.c', 'd/b']);
      await bucket.put('d/a', Buffer.from('again'), png);
      assert.equal((await bytesOf(bucket, 'd/a')).toString(), 'again');
    });

    it('lets go when whoever asked has left', async (context) => {
      const bucket = await open(context);
      await bucket.put('a', randomBytes(5_000_000), png);
      const left = AbortSignal.abort(new PictorError('CANCELLED'));
      await assert.rejects(bucket.put('b', Buffer.from('x'), { ...png, signal: left }), {
        code: 'CANCELLED',
      });
      assert.equal(await bucket.head('b'), null);
      const leaving = new AbortController();
      const found = await bucket.get('a', { signal: leaving.signal });
      await assert.rejects(
        async () => {
          for await (const _ of found!.body) leaving.abort(new PictorError('CANCELLED'));
        },
        { code: 'CANCELLED' },
      );
      assert.equal((await bytesOf(bucket, 'a')).byteLength, 5_000_000);
    });
  });
}

/** Where an object is a file, a reader may be told that it was replaced under its hands. */
function replacedMeanwhile(thrown: unknown): null {
  if (thrown instanceof PictorError && /replaced while it was read/.test(thrown.detail ?? '')) return null;
  throw thrown;
}
