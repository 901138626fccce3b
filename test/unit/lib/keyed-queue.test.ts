import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createKeyedQueue } from '../../../src/lib/keyed-queue.ts';

describe('keyed queue', () => {
  it('runs the tasks of one key in order, one at a time, also after a failure', async () => {
    const queue = createKeyedQueue();
    const log: string[] = [];
    const gate = Promise.withResolvers<void>();
    const first = queue.run('a', async () => {
      log.push('first begins');
      await gate.promise;
      log.push('first ends');
      throw new Error('first fails');
    });
    const second = queue.run('a', async () => {
      log.push('second');
      return 2;
    });
    assert.equal(queue.waiting('a'), 2);
    gate.resolve();
    await assert.rejects(first, /first fails/);
    assert.equal(await second, 2);
    assert.deepEqual(log, ['first begins', 'first ends', 'second']);
    await queue.idle();
    assert.equal(queue.waiting('a'), 0);
  });

  it('does not let one key wait for another', async () => {
    const queue = createKeyedQueue();
    const gate = Promise.withResolvers<void>();
    const slow = queue.run('a', () => gate.promise);
    assert.equal(await queue.run('b', async () => 'b'), 'b');
    assert.equal(queue.waiting('a'), 1);
    gate.resolve();
    await slow;
  });

  it('is idle when the last task has ended, also one that was added meanwhile', async () => {
    const queue = createKeyedQueue();
    let ended = false;
    void queue.run('a', async () => {
      void queue.run('b', async () => {
        await new Promise((resolve) => setImmediate(resolve));
        ended = true;
      });
    });
    await queue.idle();
    assert.ok(ended);
  });
});
