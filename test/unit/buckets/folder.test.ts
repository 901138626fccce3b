import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  chmod,
  chown,
  mkdir,
  readdir,
  readFile,
  rename,
  stat,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { escapedPaths, plainPaths } from '../../../src/buckets/folder/key-path.ts';
import { createFolderBuckets } from '../../../src/buckets/folder-bucket.ts';
import { jpeg, ownFilesOf } from '../../support/mirror.ts';
import { noSmallDisk, smallDisk } from '../../support/small-disk.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const open = (root: string) => createFolderBuckets({ root, single: true, anyKey: false }).bucket('');

describe('folder bucket', () => {
  it('lays objects out as their keys say, and nothing beside them', async (context) => {
    const root = await temporaryFolder(context);
    await open(root).put('products/6e0/072/682/e66287b662827da75b244a3/original', Buffer.from('x'), jpeg);
    await open(root).put('a b/é+%2F.png', Buffer.from('y'), jpeg);
    assert.deepEqual((await readdir(root, { recursive: true })).toSorted(), [
      '.pictor',
      '.pictor/incoming',
      'a b',
      'a b/é+%2F.png',
      'products',
      'products/6e0',
      'products/6e0/072',
      'products/6e0/072/682',
      'products/6e0/072/682/e66287b662827da75b244a3',
      'products/6e0/072/682/e66287b662827da75b244a3/original',
    ]);
  });

  it('takes a file that another process writes, once it is whole', async (context) => {
    const root = await temporaryFolder(context);
    const bucket = open(root);
    await bucket.put('a/b', Buffer.from('old'), jpeg);
    const draft = bucket.draft!();
    await writeFile(draft.file.path, 'new', { mode: draft.file.fileMode });
    assert.deepEqual(
      (await Array.fromAsync(bucket.list(''))).map(({ key }) => key),
      ['a/b'],
    );
    assert.equal(await readFile(bucket.fileOf!('a/b')!, 'utf8'), 'old');
    await draft.keep('a/b');
    assert.equal(await readFile(join(root, 'a/b'), 'utf8'), 'new');
    const other = bucket.draft!();
    await writeFile(other.file.path, 'x');
    await assert.rejects(other.keep('a/b/c'), { code: 'STORAGE_REFUSED' });
    await other.drop();
    assert.deepEqual(await ownFilesOf(root), []);
    await assert.rejects(bucket.draft!().keep('never/written'), { code: 'STORAGE_FAILED' });
    await assert.rejects(readdir(join(root, 'never')), { code: 'ENOENT' });
    assert.equal(bucket.fileOf!('../a'), null);
  });

  it('gives a draft its place also in folders that are not there', async (context) => {
    const root = await temporaryFolder(context);
    const bucket = open(root);
    const draft = bucket.draft!();
    await mkdir(dirname(draft.file.path), { recursive: true });
    await writeFile(draft.file.path, 'x');
    await draft.keep('ns/6e0/w10.jpg');
    await bucket.put('ns/6e0/original', Buffer.from('y'), jpeg);
    assert.deepEqual((await readdir(join(root, 'ns/6e0'))).toSorted(), ['original', 'w10.jpg']);
  });

  it('has a sub-folder per bucket, where there are several', async (context) => {
    const root = await temporaryFolder(context);
    const buckets = createFolderBuckets({ root, single: false, anyKey: true });
    await buckets.bucket('one').put('id', Buffer.from('1'), jpeg);
    await buckets.bucket('two').put('id', Buffer.from('2'), jpeg);
    await buckets.bucket('one').put('id/s/500', Buffer.from('1, smaller'), jpeg);
    assert.equal(await readFile(join(root, 'one/id'), 'utf8'), '1');
    assert.equal(await readFile(join(root, 'two/id'), 'utf8'), '2');
    assert.equal(await readFile(join(root, 'one/id%2F/s%2F/500'), 'utf8'), '1, smaller');
    for (const name of ['', '.', '..', '../one', 'a/b', '.pictor', 'x'])
      assert.throws(() => buckets.bucket(name), { code: 'STORAGE_REFUSED', upstreamStatus: 404 }, name);
  });

  it('shows what others put there, but for what is no file', async (context) => {
    const root = await temporaryFolder(context);
    await mkdir(join(root, 'ns/deep'), { recursive: true });
    await writeFile(join(root, 'ns/deep/by hand.jpg'), 'by hand');
    spawnSync('mkfifo', [join(root, 'ns/fifo')]);
    const bucket = open(root);
    assert.deepEqual(
      (await Array.fromAsync(bucket.list(''))).map(({ key }) => key),
      ['ns/deep/by hand.jpg'],
    );
    for (const key of ['ns', 'ns/deep', 'ns/fifo', 'ns/deep/by hand.jpg/x'])
      assert.equal(await bucket.get(key), null, key);
  });

  it('follows links within the folder, and none that lead out of it', async (context) => {
    const root = await temporaryFolder(context);
    const outside = await temporaryFolder(context);
    await writeFile(join(outside, 'secret'), 'secret');
    await mkdir(join(root, 'in'));
    await writeFile(join(root, 'in/a'), 'inside');
    await symlink(join(root, 'in'), join(root, 'alias'));
    await symlink(outside, join(root, 'out'));
    await symlink(join(outside, 'secret'), join(root, 'secret'));
    const bucket = open(root);
    assert.equal((await bucket.head('alias/a'))!.size, 6);
    await bucket.put('alias/b', Buffer.from('b'), jpeg);
    assert.equal(await readFile(join(root, 'in/b'), 'utf8'), 'b');
    for (const key of ['out/secret', 'secret']) assert.equal(await bucket.get(key), null, key);
    await assert.rejects(bucket.put('out/new', Buffer.from('x'), jpeg), { code: 'STORAGE_REFUSED' });
    await assert.rejects(bucket.put('out/new/folder', Buffer.from('x'), jpeg), { code: 'STORAGE_REFUSED' });
    assert.deepEqual(await readdir(outside), ['secret']);
    await bucket.put('secret', Buffer.from('own'), jpeg);
    assert.equal(await readFile(join(outside, 'secret'), 'utf8'), 'secret');
    assert.equal(await readFile(join(root, 'secret'), 'utf8'), 'own');
  });

  it('says so where a file would have to be a folder, or the other way round', async (context) => {
    const root = await temporaryFolder(context);
    const bucket = open(root);
    await bucket.put('a', Buffer.from('x'), jpeg);
    await bucket.put('b/c', Buffer.from('y'), jpeg);
    for (const key of ['a/b', 'a/b/c', 'b'])
      await assert.rejects(bucket.put(key, Buffer.from('z'), jpeg), { code: 'STORAGE_REFUSED' }, key);
    assert.deepEqual(await ownFilesOf(root), []);
  });

  it('does not hand out bytes of two objects when one replaces the other', async (context) => {
    const bucket = open(await temporaryFolder(context));
    await bucket.put('a', Buffer.alloc(200_000, 1), jpeg);
    const found = await bucket.get('a');
    await bucket.put('a', Buffer.alloc(200_000, 2), jpeg);
    await assert.rejects(Array.fromAsync(found!.body), { code: 'STORAGE_FAILED' });
  });

  it('makes folders again that somebody removed', async (context) => {
    const root = await temporaryFolder(context);
    const bucket = open(root);
    await bucket.put('a/b/c', Buffer.from('x'), jpeg);
    await rename(join(root, 'a'), join(root, 'moved'));
    await bucket.put('a/b/d', Buffer.from('y'), jpeg);
    assert.equal((await bucket.head('a/b/d'))!.size, 1);
    await bucket.delete('a/b/d');
    assert.deepEqual((await readdir(root)).toSorted(), ['.pictor', 'moved']);
  });

  it('removes what an earlier run was writing, and nobody else’s', async (context) => {
    const root = await temporaryFolder(context);
    await open(root).put('a', Buffer.from('x'), jpeg);
    const incoming = join(root, '.pictor/incoming');
    const old = Date.now() / 1000 - 3 * 86_400;
    await writeFile(join(incoming, '00000000-1-000000000000-1'), 'another machine, now');
    await writeFile(join(incoming, '00000000-1-000000000000-2'), 'another machine, days ago');
    await utimes(join(incoming, '00000000-1-000000000000-2'), old, old);
    const buckets = createFolderBuckets({ root, single: true, anyKey: false });
    await buckets.close();
    assert.deepEqual(await readdir(incoming), ['00000000-1-000000000000-1']);
  });

  it('lets nobody read who is no owner and not of the group', async (context) => {
    const root = join(await temporaryFolder(context), 'made');
    await open(root).put('a/b', Buffer.from('x'), jpeg);
    for (const path of ['', 'a', 'a/b', '.pictor'])
      assert.equal((await stat(join(root, path))).mode & 0o007, 0, path);
  });
});

describe('folder bucket: files of others', () => {
  it('takes one that may only be read', async (context) => {
    const root = await temporaryFolder(context);
    const file = join(root, 'photo.jpg');
    await writeFile(file, 'x');
    await chmod(file, 0o444);
    await asNobody(root, () => open(join(root, 'store')).put('a', { file, size: 1 }, jpeg));
    const path = join(root, 'store/a');
    assert.equal(await readFile(path, 'utf8'), 'x');
    assert.equal((await stat(path)).mode & 0o777, 0o640);
  });
});

/** An administrator may write to everything: then somebody else does the work. */
async function asNobody(root: string, work: () => Promise<void>): Promise<void> {
  if (process.geteuid?.() !== 0) return work();
  await chown(root, 65_534, 65_534);
  process.seteuid?.(65_534);
  try {
    await work();
  } finally {
    process.seteuid?.(0);
  }
}

describe('folder bucket: full disk', () => {
  it('fails a put that finds no room, keeps what was there, and leaves nothing behind', async (context) => {
    const root = await smallDisk(context, 2 * 1024 * 1024);
    if (root === null) return context.skip(noSmallDisk);
    const bucket = open(root);
    await bucket.put('a', Buffer.from('old'), jpeg);
    await assert.rejects(
      bucket.put('a', Buffer.alloc(5_000_000), jpeg),
      (error: Error & { detail?: string }) => {
        assert.equal((error as { code?: string }).code, 'STORAGE_FAILED');
        assert.match(error.detail ?? '', /ENOSPC/);
        return true;
      },
    );
    assert.equal((await bucket.head('a'))!.size, 3);
    assert.deepEqual(await ownFilesOf(root), []);
    await bucket.put('b', Buffer.alloc(500_000), jpeg);
  });

  it('that may not be written to refuses', async (context) => {
    const root = await smallDisk(context, 2 * 1024 * 1024);
    if (root === null) return context.skip(noSmallDisk);
    await open(root).put('a', Buffer.from('old'), jpeg);
    assert.equal(spawnSync('mount', ['-o', 'remount,ro', root]).status, 0);
    await assert.rejects(open(root).put('b', Buffer.from('x'), jpeg), { code: 'STORAGE_REFUSED' });
    assert.equal((await open(root).head('a'))!.size, 3);
  });
});

describe('paths of keys', () => {
  const piece = fc.constantFrom('a', '.', '/', '%', '2F', '\\', 'é', '\u0001', '~', '%2F', '..', ' ');
  const text = fc.oneof(
    fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join('')),
    fc.string({ unit: 'grapheme', maxLength: 20 }),
  );

  for (const [name, paths] of Object.entries({ plainPaths, escapedPaths })) {
    it(`${name}: lead nowhere else, and are different for different keys`, () => {
      const taken = new Map<string, string>();
      fc.assert(
        fc.property(text, (key) => {
          const path = paths.pathOf(key);
          if (path === null) return;
          const names = path.split('/');
          assert.ok(
            names.every((each) => each !== '' && each !== '.' && each !== '..' && !/[\\\0]/.test(each)),
          );
          assert.ok(names[0] !== '.pictor');
          assert.equal(paths.keyOf(path), key);
          assert.ok([undefined, key].includes(taken.get(path)));
          taken.set(path, key);
        }),
        { numRuns: 2000 },
      );
    });

    it(`${name}: the folder of a beginning holds all keys that begin so`, () => {
      fc.assert(
        fc.property(text, fc.nat(20), (key, length) => {
          const path = paths.pathOf(key);
          if (path === null) return;
          const folder = paths.folderOf(Array.from(key).slice(0, length).join(''));
          assert.ok(folder !== null, 'no folder');
          assert.ok(folder === '' || path.startsWith(`${folder}/`), `${folder} of ${path}`);
        }),
        { numRuns: 2000 },
      );
    });
  }

  it('never make a folder of a file, where both may be', () => {
    fc.assert(
      fc.property(text, text, (one, other) => {
        const [a, b] = [escapedPaths.pathOf(one), escapedPaths.pathOf(other)];
        if (a !== null && b !== null) assert.ok(!b.startsWith(`${a}/`), `${a} and ${b}`);
      }),
      { numRuns: 5000 },
    );
  });
});
