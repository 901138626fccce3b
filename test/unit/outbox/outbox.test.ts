import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { execPath } from 'node:process';
import { describe, type TestContext, test } from 'node:test';
import { PictorError } from '../../../src/core/errors.ts';
import { type Outbox, openOutbox } from '../../../src/outbox/outbox.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const labels = (entries: readonly { readonly label: string }[]) => entries.map(({ label }) => label);
const add = (
  outbox: Outbox,
  label: string,
  { now = 1000, lane = 'a', due }: { now?: number; lane?: string; due?: number } = {},
) => outbox.add({ lane, label, body: `body of ${label}`, now, ...(due === undefined ? {} : { due }) });

for (const where of ['memory', 'file'] as const) {
  describe(`an outbox in ${where}`, () => {
    const opened = async (context: TestContext) =>
      openOutbox(where === 'memory' ? '' : path.join(await temporaryFolder(context), 'deep', 'outbox.db'));

    test('hands out what is due, of one lane, once', async (context) => {
      const outbox = await opened(context);
      add(outbox, 'one');
      add(outbox, 'later', { due: 5000 });
      add(outbox, 'other', { lane: 'b' });
      add(outbox, 'two');
      const terms = { now: 1000, until: 2000, limit: 10 };
      assert.deepEqual(labels(outbox.take('a', terms)), ['one', 'two']);
      assert.deepEqual(outbox.take('a', terms), []);
      assert.equal(outbox.nextDue('a'), 2000);
      assert.deepEqual(
        outbox.take('b', terms).map(({ body, added, tries }) => ({ body, added, tries })),
        [{ body: 'body of other', added: 1000, tries: 0 }],
      );
      await outbox.close();
    });

    test('hands out again what nobody finished in time', async (context) => {
      const outbox = await opened(context);
      add(outbox, 'one');
      outbox.take('a', { now: 1000, until: 2000, limit: 10 });
      assert.deepEqual(labels(outbox.take('a', { now: 2000, until: 3000, limit: 10 })), ['one']);
      await outbox.close();
    });

    test('takes no more than asked for, longest overdue first', async (context) => {
      const outbox = await opened(context);
      add(outbox, 'young', { due: 900 });
      add(outbox, 'old', { due: 100 });
      assert.deepEqual(labels(outbox.take('a', { now: 1000, until: 2000, limit: 1 })), ['old']);
      await outbox.close();
    });

    test('puts back, hastens and forgets', async (context) => {
      const outbox = await opened(context);
      const [once, twice, gone] = ['once', 'twice', 'gone'].map((label) => add(outbox, label));
      outbox.postpone(once!, { due: 9000, tries: 1, refusals: 0 });
      outbox.postpone(twice!, { due: 9000, tries: 2, refusals: 1 });
      outbox.remove(gone!);
      assert.equal(outbox.nextDue('a'), 9000);
      outbox.hasten('a', { now: 1500, tries: 2 });
      const taken = outbox.take('a', { now: 1500, until: 9999, limit: 10 });
      assert.deepEqual(
        taken.map(({ label, tries, refusals }) => [label, tries, refusals]),
        [['twice', 2, 1]],
      );
      await outbox.close();
    });

    test('leaves alone what somebody has', async (context) => {
      const outbox = await opened(context);
      add(outbox, 'one');
      outbox.take('a', { now: 1000, until: 5000, limit: 1 });
      outbox.hasten('a', { now: 2000, tries: 0 });
      assert.deepEqual(outbox.take('a', { now: 2000, until: 5000, limit: 1 }), []);
      assert.deepEqual(outbox.expire({ before: 3000, now: 3000 }), []);
      assert.deepEqual(labels(outbox.expire({ before: 3000, now: 5000 })), ['one']);
      await outbox.close();
    });

    test('says what waits, and gives up what is too old', async (context) => {
      const outbox = await opened(context);
      add(outbox, 'old', { now: 10 });
      add(outbox, 'new', { now: 20 });
      add(outbox, 'other', { now: 5, lane: 'b' });
      assert.deepEqual(Object.fromEntries(outbox.waiting()), {
        a: { count: 2, oldest: 10 },
        b: { count: 1, oldest: 5 },
      });
      assert.deepEqual(labels(outbox.expire({ before: 20, now: 30 })).toSorted(), ['old', 'other']);
      assert.deepEqual([...outbox.waiting()], [['a', { count: 1, oldest: 20 }]]);
      assert.equal(outbox.nextDue('b'), null);
      await outbox.close();
    });
  });
}

test('what was added outlives the process, however it ends', async (context) => {
  const file = path.join(await temporaryFolder(context), 'outbox.db');
  const program = `
    import { openOutbox } from ${JSON.stringify(import.meta.resolve('../../../src/outbox/outbox.ts'))};
    const outbox = await openOutbox(${JSON.stringify(file)});
    for (let index = 0; index < 50; index += 1) outbox.add({ lane: 'a', label: String(index), body: '', now: index });
    outbox.take('a', { now: 50, until: 70, limit: 10 });
    process.kill(process.pid, 'SIGKILL');`;
  const child = spawn(execPath, ['--input-type=module', '--eval', program], { stdio: 'inherit' });
  const [, signal] = (await once(child, 'exit')) as [number | null, string | null];
  assert.equal(signal, 'SIGKILL');
  const outbox = await openOutbox(file);
  const taken = outbox.take('a', { now: 1000, until: 2000, limit: 100 });
  assert.deepEqual(
    labels(taken)
      .map(Number)
      .toSorted((a, b) => a - b),
    Array.from({ length: 50 }, (_, index) => index),
  );
  await outbox.close();
});

test('two who share a file never get the same entry', async (context) => {
  const file = path.join(await temporaryFolder(context), 'outbox.db');
  const [first, second] = [await openOutbox(file), await openOutbox(file)];
  add(first, 'one');
  add(second, 'two');
  const terms = { now: 1000, until: 2000, limit: 1 };
  const taken = [...first.take('a', terms), ...second.take('a', terms)];
  assert.deepEqual(labels(taken), ['one', 'two']);
  await first.close();
  await second.close();
});

test('a file that is no outbox is said to be none', async (context) => {
  const file = path.join(await temporaryFolder(context), 'outbox.db');
  writeFileSync(file, 'something else, and longer than the head of a database '.repeat(100));
  await assert.rejects(
    openOutbox(file),
    (error) => error instanceof PictorError && error.code === 'STORE_FAILED' && error.detail!.includes(file),
  );
});
