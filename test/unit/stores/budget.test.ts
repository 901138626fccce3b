import assert from 'node:assert/strict';
import { readdir, readFile, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { type Budget, openBudget } from '../../../src/stores/fs/budget.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

async function open(
  t: TestContext,
  directory: string,
  digit: string,
  maxBytes = 64 * 1024 * 1024,
): Promise<Budget> {
  const budget = await openBudget({
    directory,
    instance: digit.repeat(16),
    maxBytes,
    hasBlobs: async () => false,
    now: Date.now,
  });
  t.after(() => budget.close());
  return budget;
}

/** What a process would believe that starts now, were this one killed. */
async function afterKill(directory: string): Promise<number> {
  const texts = await Promise.all(
    (await readdir(directory)).map((name) => readFile(join(directory, name), 'utf8')),
  );
  return texts.map((text) => Number(text.split(' ')[2])).reduce((sum, upper) => sum + upper, 0);
}

describe('budget of a disk store', () => {
  it('has on disk at least what is placed and held, at every moment after cover()', async (t) => {
    const directory = await temporaryFolder(t);
    const budget = await open(t, directory, 'a');
    let placed = 0;
    for (let round = 0; round < 60; round += 1) {
      const bytes = round * 40_000;
      budget.hold(bytes);
      await budget.cover();
      assert.ok((await afterKill(directory)) >= placed + bytes);
      budget.hold(-bytes);
      budget.change(round, bytes, 1);
      placed += bytes;
    }
    assert.equal(budget.total(), placed);
  });

  it('rewrites its file once per step, not once per blob', async (t) => {
    const directory = await temporaryFolder(t);
    const budget = await open(t, directory, 'a');
    const texts = new Set<string>();
    for (let round = 0; round < 400; round += 1) {
      budget.change(round, 4_096, 1);
      await budget.cover();
      texts.add(await readFile(join(directory, 'a'.repeat(16)), 'utf8'));
    }
    assert.ok(texts.size <= 4, `${texts.size} versions`);
  });

  it('adds what other processes say, and takes over from those that have ended', async (t) => {
    const directory = await temporaryFolder(t);
    const first = await open(t, directory, 'a');
    first.change(1, 10_000_000, 7);
    await first.cover();
    const second = await open(t, directory, 'b');
    assert.ok(second.total() >= 10_000_000);
    assert.equal((await readdir(directory)).length, 2);
    await first.close();
    const third = await open(t, directory, 'c');
    assert.equal((await readdir(directory)).length, 2, 'second and third');
    assert.ok(third.total() >= 10_000_000);
    assert.ok(third.total() <= 10_000_000 + 2 * 1024 * 1024);
  });

  it('takes over from one that has not been heard of for long, once', async (t) => {
    const directory = await temporaryFolder(t);
    const first = await open(t, directory, 'a');
    first.change(1, 10_000_000, 7);
    await first.cover();
    const long = new Date(Date.now() - 20 * 60_000);
    await utimes(join(directory, 'a'.repeat(16)), long, long);
    const [second, third] = await Promise.all([open(t, directory, 'b'), open(t, directory, 'c')]);
    assert.ok(!(await readdir(directory)).includes('a'.repeat(16)));
    const believed = await afterKill(directory);
    assert.ok(believed >= 10_000_000, `${believed} bytes`);
    assert.ok(believed < 20_000_000, `${believed} bytes: taken over twice`);
    assert.ok(second.total() + third.total() >= 10_000_000);
  });

  it('writes the exact number when it is closed', async (t) => {
    const directory = await temporaryFolder(t);
    const first = await open(t, directory, 'a');
    first.change(1, 123 * 4096, 1);
    await first.cover();
    assert.notEqual(await afterKill(directory), 123 * 4096);
    await first.close();
    assert.equal(await afterKill(directory), 123 * 4096);
  });
});
