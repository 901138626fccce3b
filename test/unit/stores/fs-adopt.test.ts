/** Files that a disk store takes over as they are. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { createFsStore } from '../../../src/stores/fs.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const open = (dir: string, maxBytes = 100_000) =>
  createFsStore({ dir, maxBytes, emit() {}, name: 'mezzanines', separateBodies: true });

test('a draft that is taken over becomes a blob, is moved, and survives a restart', async (context) => {
  const dir = await temporaryFolder(context);
  const store = await open(dir);
  const draft = await store.draft('.v');
  assert.notEqual(await store.draft('.v'), draft);
  assert.equal(path.extname(draft), '.v');
  await writeFile(draft, 'pixels');
  const { ino } = await stat(draft);
  await store.adopt('key', draft, { version: '1' });
  assert.equal(existsSync(draft), false);
  const blob = await store.get('key');
  assert.equal((await stat(blob!.path!)).ino, ino);
  assert.equal((await stat(blob!.path!)).mode & 0o777, 0o600);
  assert.deepEqual(blob!.meta, { version: '1' });
  assert.equal(store.usage!().entries, 1);
  await store.close();

  const again = await open(dir);
  context.after(() => again.close());
  assert.equal((await readFile((await again.get('key'))!.path!)).toString(), 'pixels');
});

test('one that is larger than the store is not taken, nor one that is not there', async (context) => {
  const store = await open(await temporaryFolder(context), 8192);
  context.after(() => store.close());
  const draft = await store.draft('.v');
  await writeFile(draft, Buffer.alloc(9000));
  await store.adopt('large', draft, {});
  assert.equal(await store.get('large'), null);
  const missing = await store.draft('.v');
  await assert.rejects(store.adopt('missing', missing, {}), { code: 'STORE_FAILED' });
  assert.equal(await store.get('missing'), null);
});

test('what it takes over counts: older blobs make room', async (context) => {
  const store = await open(await temporaryFolder(context), 40_000);
  context.after(() => store.close());
  for (const key of ['one', 'two', 'three']) {
    const draft = await store.draft('.v');
    await writeFile(draft, Buffer.alloc(12_000, key));
    await store.adopt(key, draft, {});
  }
  assert.equal(await store.get('one'), null);
  assert.equal((await store.get('three'))?.size, 12_000);
  assert.ok(store.usage!().bytes <= 40_000);
});

test('a folder that was emptied meanwhile is made again', async (context) => {
  const dir = await temporaryFolder(context);
  const store = await open(dir);
  context.after(() => store.close());
  await rm(path.join(dir, 'tmp'), { recursive: true });
  await writeFile(await store.draft('.v'), 'pixels');
});
