/** Variants of pictures on this machine, with the real engine and a real folder. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import {
  appendFile,
  cp,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import path from 'node:path';
import { after, test } from 'node:test';
import sharp from 'sharp';
import { createFolderBuckets } from '../../../src/buckets/folder-bucket.ts';
import { PictorError } from '../../../src/core/errors.ts';
import { imageServer } from '../../../src/dialects/image-server/dialect.ts';
import { imageServerSettings } from '../../../src/dialects/image-server/settings.ts';
import { createEngine } from '../../../src/engine/engine.ts';
import { engineSettings } from '../../../src/engine/settings.ts';
import type { UploadTask } from '../../../src/request/storage.ts';
import { createBatch } from '../../../src/service/batch.ts';
import { type BatchFile, findBatchFiles } from '../../../src/service/batch-files.ts';
import { defaultLimits, fixture } from '../../support/engine-jobs.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const engine = createEngine({ ...engineSettings.parse({}), isolation: 'none' }, () => {});
after(() => engine.close());
const grammar = imageServer.storage!;
const nobody = new AbortController().signal;

function taskFor(outputs: string, namespace = 'products'): UploadTask {
  const [path, query] = [`/${namespace}`, `outputs=${outputs}`];
  const call = { method: 'POST', target: { raw: `${path}?${query}`, path, query }, headers: {}, now: 0 };
  const origin = { scheme: 'http', host: 'a.test' } as const;
  const task = grammar.task({ ...call, origin }, imageServerSettings.parse({}));
  assert.ok(task.task === 'upload');
  return task;
}

function batchInto(root: string) {
  const bucket = createFolderBuckets({ root, single: true, anyKey: false }).bucket('');
  const { family } = grammar;
  return createBatch({ engine, limits: defaultLimits, bucket, family });
}

const filesBelow = async (folder: string): Promise<string[]> =>
  (await readdir(folder, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)))
    .toSorted();

const noneLeftOut = (folder: string) => assert.fail(`${folder} was left out`);

async function pictures(root: string): Promise<BatchFile[]> {
  const found = await Array.fromAsync(findBatchFiles(root, noneLeftOut));
  return found.map((each) => ({ ...each, path: path.relative(root, each.path) }));
}

test('keeps the original, its facts and its variants under the MD5 of its bytes', async (context) => {
  const root = await temporaryFolder(context);
  const file = fixture('alpha.png');
  const bytes = await readFile(file);
  const md5 = createHash('md5').update(bytes).digest('hex');
  const { width, height } = await sharp(file).metadata();
  const result = await batchInto(root)({ path: file, hash: null, task: taskFor('x20.jpg,w10.webp') }, nobody);
  assert.deepEqual(result, { hash: md5, width, height, made: 2, ready: 0 });
  const folder = `products/${md5.slice(0, 3)}/${md5.slice(3, 6)}/${md5.slice(6, 9)}/${md5.slice(9)}`;
  const names = ['info.json', 'original', 'w10.webp', 'x20.jpg'].map((name) => `${folder}/${name}`);
  assert.deepEqual(await filesBelow(root), names);
  assert.deepEqual(await readFile(path.join(root, folder, 'original')), bytes);
  const made = await sharp(path.join(root, folder, 'x20.jpg')).metadata();
  assert.deepEqual([made.format, made.width, made.height], ['jpeg', 20, 20]);
  const info = JSON.parse(await readFile(path.join(root, folder, 'info.json'), 'utf8')) as object;
  assert.deepEqual(info, { hash: md5, height, width, content_type: 'image/png' });
});

test('a second run leaves what is there alone and makes what is missing', async (context) => {
  const root = await temporaryFolder(context);
  const run = batchInto(root);
  const picture = { path: fixture('alpha.png'), hash: null };
  await run({ ...picture, task: taskFor('x20.jpg') }, nobody);
  const [variant] = (await filesBelow(root)).filter((name) => name.endsWith('x20.jpg'));
  const before = await stat(path.join(root, variant!));
  const again = await run({ ...picture, task: taskFor('x20.jpg,x30.jpg') }, nobody);
  assert.deepEqual([again.made, again.ready], [1, 1]);
  const later = await stat(path.join(root, variant!));
  assert.deepEqual([later.mtimeMs, later.ino], [before.mtimeMs, before.ino]);
});

test('of a picture in the store itself its folder tells what is there: nothing is listed', async (context) => {
  const root = await temporaryFolder(context);
  const run = batchInto(root);
  await run({ path: fixture('alpha.png'), hash: null, task: taskFor('x20.jpg') }, nobody);
  const [found] = findBatchFiles(root, noneLeftOut);
  assert.deepEqual([...found!.beside!].toSorted(), ['info.json', 'original', 'x20.jpg']);
  const bucket = createFolderBuckets({ root, single: true, anyKey: false }).bucket('');
  const list = () => assert.fail('it was listed');
  const { family } = grammar;
  const again = createBatch({ engine, limits: defaultLimits, bucket: { ...bucket, list }, family });
  const { path: file, place, beside } = found!;
  const picture = { path: file, hash: place!.hash, task: taskFor('x20.jpg,x30.jpg') };
  const { made, ready } = await again({ ...picture, beside }, nobody);
  assert.deepEqual([made, ready], [1, 1]);
  const folder = path.dirname(file);
  assert.deepEqual((await readdir(folder)).toSorted(), ['info.json', 'original', 'x20.jpg', 'x30.jpg']);
  // Whether a link is a variant, the store has to say.
  await rm(path.join(folder, 'x20.jpg'));
  await symlink('x30.jpg', path.join(folder, 'x20.jpg'));
  const [linked] = findBatchFiles(root, noneLeftOut);
  assert.equal(linked!.beside, null);
  const third = await run({ ...picture, beside: null }, nobody);
  assert.deepEqual([third.made, third.ready], [0, 2]);
});

test('a variant that cannot be written is a failure of the store', async (context) => {
  const root = await temporaryFolder(context);
  const run = batchInto(root);
  await mkdir(path.join(root, '.pictor'));
  await writeFile(path.join(root, '.pictor/incoming'), 'in the way');
  const failed = run({ path: fixture('alpha.png'), hash: null, task: taskFor('x20.jpg') }, nobody);
  await assert.rejects(failed, (thrown) => thrown instanceof PictorError && thrown.code === 'STORAGE_FAILED');
  assert.deepEqual(await filesBelow(root), ['.pictor/incoming']);
});

test('the hash of a place wins over that of the bytes, and the size is upright', async (context) => {
  const root = await temporaryFolder(context);
  const file = path.join(root, 'turned.jpg');
  const drawn = sharp({ create: { width: 40, height: 20, channels: 3, background: 'red' } });
  await drawn.withMetadata({ orientation: 6 }).jpeg().toFile(file);
  const hash = '6ad5544baa6f5e852e1af26f8c2e45db';
  const store = path.join(root, 'store');
  const result = await batchInto(store)({ path: file, hash, task: taskFor('w10.png', 'p') }, nobody);
  assert.deepEqual([result.hash, result.width, result.height], [hash, 20, 40]);
  const made = await sharp(path.join(store, 'p/6ad/554/4ba/a6f5e852e1af26f8c2e45db/w10.png')).metadata();
  assert.deepEqual([made.width, made.height], [10, 20]);
});

test('what is no picture leaves nothing behind', async (context) => {
  const root = await temporaryFolder(context);
  const file = path.join(root, 'no.jpg');
  await writeFile(file, 'not a picture');
  const store = path.join(root, 'store');
  const run = batchInto(store)({ path: file, hash: null, task: taskFor('x20.jpg') }, nobody);
  await assert.rejects(run, (thrown) => thrown instanceof PictorError && thrown.code === 'IMAGE_UNKNOWN');
  await assert.rejects(readdir(store), { code: 'ENOENT' });
});

test('a picture that is still being copied is not kept under the hash of its first half', async (context) => {
  const root = await temporaryFolder(context);
  const file = path.join(root, 'growing.png');
  const store = path.join(root, 'store');
  await cp(fixture('alpha.png'), file);
  const slow: typeof engine.transform = async (job, signal) => {
    await appendFile(file, 'more');
    return engine.transform(job, signal);
  };
  const bucket = createFolderBuckets({ root: store, single: true, anyKey: false }).bucket('');
  const { family } = grammar;
  const run = createBatch({ engine: { ...engine, transform: slow }, limits: defaultLimits, bucket, family });
  const kept = run({ path: file, hash: null, task: taskFor('x20.jpg') }, nobody);
  await assert.rejects(kept, (thrown) => thrown instanceof PictorError && thrown.code === 'SOURCE_FAILED');
  assert.deepEqual(await filesBelow(store), []);
});

for (const [what, change] of [
  ['grown', (file: string) => appendFile(file, 'more')],
  [
    'replaced by another of the same size',
    async (file: string) => writeFile(file, Buffer.alloc((await stat(file)).size, 'x')),
  ],
  ['removed', (file: string) => rm(file)],
] as const)
  test(`a picture that is ${what} before it is kept fails alone, and nothing is kept under its hash`, async (context) => {
    const [root, store] = [await temporaryFolder(context), await temporaryFolder(context)];
    const file = path.join(root, 'a.png');
    await cp(fixture('alpha.png'), file);
    const transform: typeof engine.transform = async (job, signal) => {
      const result = await engine.transform(job, signal);
      await change(file);
      return result;
    };
    const bucket = createFolderBuckets({ root: store, single: true, anyKey: false }).bucket('');
    const { family } = grammar;
    const run = createBatch({ engine: { ...engine, transform }, limits: defaultLimits, bucket, family });
    await assert.rejects(run({ path: file, hash: null, task: taskFor('x20.jpg') }, nobody), (thrown) => {
      assert.ok(thrown instanceof PictorError);
      assert.equal(thrown.code, 'SOURCE_FAILED');
      assert.match(thrown.detail!, /^was (written to|removed) while it was read$/);
      return true;
    });
    assert.deepEqual(
      (await filesBelow(store)).map((name) => path.basename(name)),
      ['x20.jpg'],
    );
  });

test('a store that fails is no fault of the picture', async (context) => {
  const store = await temporaryFolder(context);
  const bucket = createFolderBuckets({ root: store, single: true, anyKey: false }).bucket('');
  const put = () => Promise.reject(new PictorError('STORAGE_FAILED', { detail: 'no space' }));
  const run = createBatch({
    engine,
    limits: defaultLimits,
    bucket: { ...bucket, put },
    family: grammar.family,
  });
  const kept = run({ path: fixture('alpha.png'), hash: null, task: taskFor('x20.jpg') }, nobody);
  await assert.rejects(kept, { code: 'STORAGE_FAILED' });
});

test('finds pictures in folders, and of a store its originals alone', async (context) => {
  const root = await temporaryFolder(context);
  const place = 'store/p/6ad/554/4ba/a6f5e852e1af26f8c2e45db';
  await mkdir(path.join(root, place), { recursive: true });
  await mkdir(path.join(root, 'b/.hidden'), { recursive: true });
  for (const name of [
    `${place}/original`,
    `${place}/x300.jpg`,
    `${place}/info.json`,
    'b/two.JPG',
    'b/notes.txt',
    'b/.hidden/x.jpg',
    'b/.x.jpg',
    'a.png',
    'original',
  ]) {
    await cp(fixture('alpha.png'), path.join(root, name));
  }
  await symlink(path.join(root, 'a.png'), path.join(root, 'linked.png'));
  const inStore = { namespace: 'p', hash: '6ad5544baa6f5e852e1af26f8c2e45db' };
  assert.deepEqual(await pictures(root), [
    { path: 'a.png', place: null, beside: null },
    { path: 'b/two.JPG', place: null, beside: null },
    { path: `${place}/original`, place: inStore, beside: new Set(['info.json', 'original', 'x300.jpg']) },
  ]);
  assert.deepEqual(await Array.fromAsync(findBatchFiles(path.join(root, place, 'original'), noneLeftOut)), [
    { path: path.join(root, place, 'original'), place: inStore, beside: null },
  ]);
  assert.equal(
    (await Array.fromAsync(findBatchFiles(path.join(root, 'b/notes.txt'), noneLeftOut))).length,
    1,
  );
  await rm(path.join(root, 'a.png'));
  await assert.rejects(
    Array.fromAsync(findBatchFiles(path.join(root, 'a.png'), noneLeftOut)),
    (thrown) => thrown instanceof PictorError && thrown.code === 'SOURCE_NOT_FOUND',
  );
});

test('a folder that is gone by now is passed over, one that cannot be read is told of', async (context) => {
  const root = await temporaryFolder(context);
  for (const folder of ['a', 'b', 'd']) {
    await mkdir(path.join(root, folder));
    await cp(fixture('alpha.png'), path.join(root, folder, 'one.png'));
  }
  const way = (names: number) => Array.from({ length: names }, () => 'c'.repeat(250)).join('/');
  // Longer than a path may be, also for an administrator: no call reaches it, but in two halves.
  const [upper, lower] = [path.join(root, way(15)), path.join(root, '.lower')];
  await mkdir(upper, { recursive: true });
  await mkdir(path.join(lower, way(2)), { recursive: true });
  await rename(lower, path.join(upper, 'lower'));
  try {
    const leftOut: string[] = [];
    const files = findBatchFiles(root, (folder, { code, detail }) =>
      leftOut.push(`${folder.length > 4096} ${code} ${detail}`),
    );
    const next = () => path.relative(root, files.next().value?.path ?? root);
    assert.equal(next(), 'a/one.png');
    await rm(path.join(root, 'b'), { recursive: true });
    assert.deepEqual([next(), next()], ['d/one.png', '']);
    assert.deepEqual(leftOut, ['true SOURCE_REFUSED cannot be read (ENAMETOOLONG)']);
  } finally {
    await rename(path.join(upper, 'lower'), lower);
  }
});
