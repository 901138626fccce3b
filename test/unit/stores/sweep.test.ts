import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, readdir, truncate, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { openBudget } from '../../../src/stores/fs/budget.ts';
import { placeOf } from '../../../src/stores/fs/layout.ts';
import { sweep } from '../../../src/stores/fs/sweep.ts';
import { createFsStore } from '../../../src/stores/fs.ts';
import { bytesOf } from '../../support/store-files.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const instance = 'feedfacefeedface';
const hour = 60 * 60_000;

/** A closed store's folder with three blobs, and a sweep over it. */
async function setUp(t: TestContext) {
  const dir = await temporaryFolder(t);
  const store = await createFsStore({ dir, maxBytes: 1e9, emit: () => {} });
  await store.put('aaaa', Buffer.alloc(1_000), {});
  await store.put('bbbb', Buffer.alloc(300_000), {});
  await store.put('cccc', Buffer.alloc(400_000), {});
  await store.close();
  const blobs = join(dir, 'blobs');
  const drafts = join(dir, 'tmp');
  const budget = await openBudget({
    directory: join(dir, 'size'),
    instance,
    maxBytes: 1e9,
    hasBlobs: async () => true,
    now: Date.now,
  });
  t.after(() => budget.close());
  const run = (signal = new AbortController().signal) =>
    sweep({ blobs, drafts, budget, instance, restMs: () => 0, signal, now: Date.now });
  return {
    dir,
    blobs,
    drafts,
    budget,
    run,
    usage: () => ({ bytes: budget.total(), entries: budget.entries() }),
  };
}

const age = async (file: string, ms: number) => {
  const time = new Date(Date.now() - ms);
  await utimes(file, time, time);
};

describe('sweep of a disk store', () => {
  it('finds the true number of bytes and records, whatever was believed', async (t) => {
    const { dir, budget, run, usage } = await setUp(t);
    for (const wrong of [50_000_000, -700_000]) {
      budget.change(17, wrong, 1_000);
      await run();
      assert.deepEqual(usage(), { bytes: await bytesOf(dir), entries: 3 });
    }
  });

  it('removes old drafts of others, and neither young ones, nor ours, nor strange files', async (t) => {
    const { drafts, run } = await setUp(t);
    const names = ['0000000000000000-1', '0000000000000000-2', `${instance}-3`, 'notes.txt'];
    for (const name of names) await writeFile(join(drafts, name), 'x'.repeat(100));
    for (const name of [names[0]!, names[2]!, names[3]!]) await age(join(drafts, name), 2 * hour);
    assert.deepEqual(await run(), { removed: 1, spared: 1 });
    assert.deepEqual(new Set(await readdir(drafts)), new Set(names.slice(1)));
  });

  it('removes old bodies that no record names, and counts young ones', async (t) => {
    const { blobs, dir, run, usage } = await setUp(t);
    const { record } = placeOf(blobs, 'bbbb');
    const orphan = placeOf(blobs, 'nobody');
    await mkdir(orphan.directory, { recursive: true });
    const old = [`${record}.0000000000000000`, `${orphan.record}.1111111111111111`];
    const young = [`${record}.2222222222222222`, `${orphan.record}.3333333333333333`];
    for (const file of [...old, ...young]) await writeFile(file, 'x'.repeat(10_000));
    for (const file of old) await age(file, 2 * hour);
    assert.deepEqual(await run(), { removed: 2, spared: 2 });
    for (const file of old) assert.ok(!existsSync(file));
    for (const file of young) assert.ok(existsSync(file));
    assert.equal(usage().bytes, await bytesOf(dir));
  });

  it('takes the body of a damaged record for one that nobody names', async (t) => {
    const { blobs, run } = await setUp(t);
    const { record, directory } = placeOf(blobs, 'bbbb');
    const body = join(directory, (await readdir(directory)).find((name) => name.includes('.'))!);
    await truncate(record, 20);
    await run();
    assert.ok(existsSync(body));
    await age(body, 2 * hour);
    await run();
    assert.ok(!existsSync(body));
  });

  it('keeps bodies that are in use however old they are', async (t) => {
    const { blobs, dir, run } = await setUp(t);
    const { directory } = placeOf(blobs, 'bbbb');
    for (const name of await readdir(directory)) await age(join(directory, name), 1_000 * hour);
    await run();
    const store = await createFsStore({ dir, maxBytes: 1e9, emit: () => {} });
    t.after(() => store.close());
    assert.equal((await (await store.get('bbbb'))?.bytes())?.byteLength, 300_000);
  });

  it('removes empty folders', async (t) => {
    const { blobs, run } = await setUp(t);
    const empty = join(blobs, '12', '34');
    await mkdir(empty, { recursive: true });
    await run();
    assert.ok(!existsSync(empty));
  });

  it('does not lose sight of what comes and goes while it walks', async (t) => {
    const { dir, budget } = await setUp(t);
    const recount = budget.recount();
    recount.passing(100);
    const [before, current, after] = [99 << 8, 100 << 8, 101 << 8];
    budget.change(before, 40_960, 1);
    budget.change(before, -8_192, -1);
    budget.change(current, 4_096, 1);
    budget.change(current, -4_096, -1);
    budget.change(after, 1_000_000, 50);
    await recount.finish(500_000, 30);
    // Before: both. Current: only what came, for the walk may have missed it. After: the walk has seen it.
    assert.equal(budget.total(), 500_000 + 32_768 + 4_096);
    assert.equal(budget.entries(), 31);
    assert.ok((await readdir(join(dir, 'size'))).includes(instance));
  });

  it('leaves the books as they are when it is stopped', async (t) => {
    const { budget, run, usage } = await setUp(t);
    budget.change(1, 1_000_000, 0);
    const before = usage();
    await assert.rejects(run(AbortSignal.abort()));
    assert.deepEqual(usage(), before);
  });
});
