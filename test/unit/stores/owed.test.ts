import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createOwedDeletions } from '../../../src/stores/owed.ts';

test('everything owed is done, some at once; what is forgotten is not', async () => {
  const owed = createOwedDeletions();
  for (const path of ['a', 'b', 'c', 'd']) owed.add(path);
  owed.forget('b');
  const done: string[][] = [];
  await owed.pay(2, async (paths) => void done.push([...paths]));
  assert.deepEqual(done, [['a', 'c'], ['d']]);
  assert.equal(owed.has('a'), false);
  await owed.pay(2, () => Promise.reject(new Error('nothing is owed')));
});

test('what was not done stays owed, and so does what is owed anew meanwhile', async () => {
  const owed = createOwedDeletions();
  owed.add('a');
  await assert.rejects(
    owed.pay(1, () => Promise.reject(new Error('away'))),
    /away/,
  );
  assert.equal(owed.has('a'), true);
  const rounds: (readonly string[])[] = [];
  await owed.pay(1, async (paths) => {
    if (rounds.length === 0) owed.add('a');
    rounds.push(paths);
  });
  assert.deepEqual(rounds, [['a'], ['a']]);
});

test('of too many the oldest are let go', async () => {
  const owed = createOwedDeletions();
  for (let index = 0; index <= 10_000; index += 1) owed.add(String(index));
  assert.deepEqual([owed.has('0'), owed.has('1'), owed.has('10000')], [false, true, true]);
});
