import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createWorkQueue } from '../../../src/lib/work-queue.ts';

test('as many at once as there are workers, a bounded number waits, the rest is turned away', async () => {
  const queue = createWorkQueue({ workers: 2, waiting: 3, onFailure: (error) => assert.fail(String(error)) });
  const gate = Promise.withResolvers<void>();
  const done: number[] = [];
  let active = 0;
  let most = 0;
  const work = (index: number) => async () => {
    active += 1;
    most = Math.max(most, active);
    await gate.promise;
    active -= 1;
    done.push(index);
  };
  const taken = Array.from({ length: 7 }, (_, index) => queue.add(work(index)));
  assert.deepEqual(taken, [true, true, true, true, true, false, false]);
  assert.equal(queue.waiting(), 3);
  gate.resolve();
  await queue.idle();
  assert.deepEqual(done, [0, 1, 2, 3, 4]);
  assert.equal(most, 2);
  assert.equal(queue.add(work(9)), true, 'there is room again');
  await queue.idle();
});

test('what fails is told, and the rest goes on', async () => {
  const failures: unknown[] = [];
  const queue = createWorkQueue({ workers: 1, waiting: 9, onFailure: (error) => failures.push(error) });
  const done: string[] = [];
  queue.add(() => Promise.reject(new Error('first')));
  queue.add(() => {
    throw new Error('second');
  });
  queue.add(async () => void done.push('third'));
  await queue.idle();
  assert.deepEqual(
    failures.map((error) => (error as Error).message),
    ['first', 'second'],
  );
  assert.deepEqual(done, ['third']);
});
