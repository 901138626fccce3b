import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import type { Serving } from '../../../../src/app/processes/serving.ts';
import { inTime } from '../../../../src/app/processes/starting.ts';
import { PictorError } from '../../../../src/core/errors.ts';

/** The second of several; what it is asked fails once it is ended, as the channel has it. */
function starting() {
  const answer = Promise.withResolvers<string>();
  const state = { killed: 0 };
  const kill = () => {
    state.killed += 1;
    answer.reject(new Error('a serving process ended: SIGKILL'));
  };
  return { answer, state, serving: { index: 1, pid: 1, kill } as unknown as Serving };
}

test('a process that is not ready in time is ended, and it is said which one and why', async (t) => {
  mock.timers.enable({ apis: ['setTimeout'] });
  t.after(() => mock.timers.reset());
  const { answer, state, serving } = starting();
  const step = inTime(serving, answer.promise);
  mock.timers.tick(59_999);
  assert.equal(state.killed, 0);
  mock.timers.tick(1);
  await assert.rejects(step, (thrown) => {
    assert.ok(thrown instanceof PictorError);
    assert.equal(thrown.detail, 'serving process 2 was not ready to listen within 60 seconds');
    return true;
  });
  assert.equal(state.killed, 1);
});

test('one that is ready, or fails by itself, is left alone', async (t) => {
  mock.timers.enable({ apis: ['setTimeout'] });
  t.after(() => mock.timers.reset());
  const ready = starting();
  ready.answer.resolve('there');
  assert.equal(await inTime(ready.serving, ready.answer.promise), 'there');
  const failing = starting();
  const failure = new PictorError('STORE_FAILED');
  failing.answer.reject(failure);
  await assert.rejects(inTime(failing.serving, failing.answer.promise), failure);
  mock.timers.tick(120_000);
  assert.deepEqual([ready.state.killed, failing.state.killed], [0, 0]);
});
