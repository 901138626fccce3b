import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import type { PictorEvent } from '../../../src/core/events.ts';
import { createShelfFolder, type ShelfFolderOptions } from '../../../src/stores/shelf-folder.ts';
import { eventually } from '../../support/eventually.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const names = /_w\d+_/;
const week = 604_800;
const bytes = (text: string) => new TextEncoder().encode(text);

async function open(context: TestContext, options: Partial<ShelfFolderOptions> = {}) {
  const dir = options.dir ?? path.join(await temporaryFolder(context), 'cache');
  const events: PictorEvent[] = [];
  const folder = await createShelfFolder({
    dir,
    maxBytes: 0,
    keepSeconds: week + 3600,
    names,
    emit: (event) => events.push(event),
    ...options,
  });
  context.after(() => folder.close());
  return { dir, events, folder };
}

/** Makes a file as if it had been put there so long ago. */
async function age(file: string, seconds: number): Promise<void> {
  const then = Date.now() / 1000 - seconds;
  await utimes(file, then, then);
}

test('what was put under a name is found there, and is a plain file of that name', async (t) => {
  const { dir, folder } = await open(t);
  const shelf = folder.shelf(week);
  assert.equal(await shelf.get('h_w1_h2_ctrue_a.jpg.webp'), null);
  await shelf.put('h_w1_h2_ctrue_a.jpg.webp', bytes('first'));
  await shelf.put('h_w1_h2_ctrue_a.jpg.webp', bytes('second'));
  const found = await shelf.get('h_w1_h2_ctrue_a.jpg.webp');
  assert.equal(Buffer.from(found!.body).toString(), 'second');
  assert.equal(found!.fresh, true);
  assert.equal(await readFile(path.join(dir, 'h_w1_h2_ctrue_a.jpg.webp'), 'utf8'), 'second');
  assert.deepEqual(await readdir(path.join(dir, '.pictor')), [], 'nothing half written is left');
});

test('a file is fresh until it is as old as the shelf takes them', async (t) => {
  const { dir, folder } = await open(t);
  const file = path.join(dir, 'h_w1_a.webp');
  await writeFile(file, 'picture');
  await age(file, week - 60);
  assert.equal((await folder.shelf(week).get('h_w1_a.webp'))?.fresh, true);
  assert.equal(
    (await folder.shelf(60).get('h_w1_a.webp'))?.fresh,
    false,
    'another mount may think otherwise',
  );
  await age(file, week + 60);
  assert.equal((await folder.shelf(week).get('h_w1_a.webp'))?.fresh, false);
  await age(file, week + 3700);
  assert.equal(await folder.shelf(week).get('h_w1_a.webp'), null, 'too old to stand in');
});

test('with an age of 0 nothing is ever fresh, but written', async (t) => {
  const { folder } = await open(t);
  const shelf = folder.shelf(0);
  await shelf.put('h_w1_a.webp', bytes('picture'));
  assert.equal((await shelf.get('h_w1_a.webp'))?.fresh, false);
});

test('an empty file is none', async (t) => {
  const { dir, folder } = await open(t);
  await writeFile(path.join(dir, 'h_w1_a.webp'), '');
  assert.equal(await folder.shelf(week).get('h_w1_a.webp'), null);
});

test('names no file can have are kept under others, and nothing leaves the folder', async (t) => {
  const { dir, folder } = await open(t);
  const shelf = folder.shelf(week);
  const odd = ['h_w1_'.padEnd(400, 'x'), 'h_w1_/../../x', '..', '.', '', 'a\0b', 'ä'.repeat(130)];
  for (const name of odd) await shelf.put(name, bytes(`is ${name}`));
  for (const name of odd) assert.equal(Buffer.from((await shelf.get(name))!.body).toString(), `is ${name}`);
  assert.deepEqual(await readdir(path.dirname(dir)), ['cache']);
});

test('what has become too old is removed, other files in the folder never', async (t) => {
  const dir = path.join(await temporaryFolder(t), 'cache');
  await mkdir(path.join(dir, 'h_w1_folder'), { recursive: true });
  const files = ['h_w1_old.webp', 'h_w1_new.webp', 'letter.txt', 'a'.repeat(64)];
  for (const name of files) await writeFile(path.join(dir, name), 'x');
  for (const name of files.filter((each) => each !== 'h_w1_new.webp'))
    await age(path.join(dir, name), week + 7200);
  const { folder } = await open(t, { dir });
  const left = ['.pictor', 'h_w1_folder', 'h_w1_new.webp', 'letter.txt'];
  await eventually('old files are removed', async () =>
    isDeepStrictEqual((await readdir(dir)).toSorted(), left),
  );
  await eventually('the folder is counted', () =>
    isDeepStrictEqual(folder.usage(), { bytes: 1, entries: 1 }),
  );
});

test('files are looked at again from time to time', async (t) => {
  const { dir } = await open(t, { sweepEverySeconds: 0.05 });
  const file = path.join(dir, 'h_w1_a.webp');
  await writeFile(file, 'x');
  await age(file, week + 7200);
  await eventually('the file is removed', async () => (await stat(file).catch(() => null)) === null);
});

test('beyond its bound the oldest go', async (t) => {
  const { dir, folder } = await open(t, { maxBytes: 10_000 });
  const shelf = folder.shelf(week);
  for (let index = 0; index < 9; index += 1) {
    await shelf.put(`h_w${index}_a.webp`, new Uint8Array(1000));
    await age(path.join(dir, `h_w${index}_a.webp`), (10 - index) * 600);
  }
  for (let index = 9; index < 12; index += 1) await shelf.put(`h_w${index}_a.webp`, new Uint8Array(1000));
  await eventually('room is made', () => folder.usage().bytes <= 10_000);
  assert.equal(await shelf.get('h_w0_a.webp'), null);
  assert.ok(await shelf.get('h_w11_a.webp'));
});

test('a folder that was removed is made again', async (t) => {
  const { dir, folder } = await open(t);
  const shelf = folder.shelf(week);
  await rm(dir, { recursive: true });
  assert.equal(await shelf.get('h_w1_a.webp'), null);
  await shelf.put('h_w1_a.webp', bytes('x'));
  assert.ok(await shelf.get('h_w1_a.webp'));
});

test('a disk that fails is told, and never thrown', async (t) => {
  const { dir, events, folder } = await open(t);
  const shelf = folder.shelf(week);
  await mkdir(path.join(dir, 'h_w1_a.webp'));
  assert.equal(await shelf.get('h_w1_a.webp'), null);
  await shelf.put('h_w1_a.webp', bytes('x'));
  const told = events.flatMap((event) => (event.type === 'store' ? [event.what] : []));
  assert.deepEqual(told, ['read-failed', 'write-failed']);
});

test('a folder that cannot be made ends the start', async (t) => {
  const file = path.join(await temporaryFolder(t), 'file');
  await writeFile(file, '');
  await assert.rejects(open(t, { dir: path.join(file, 'cache') }), { code: 'STORE_FAILED' });
});
