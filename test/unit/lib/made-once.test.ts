import assert from 'node:assert/strict';
import { test } from 'node:test';
import { madeOnce } from '../../../src/lib/made-once.ts';

test('nothing is made before it is asked for, and then it is made once', () => {
  let times = 0;
  const made = madeOnce(() => ({ times: ++times }));
  assert.equal(times, 0);
  assert.equal(made(), made());
  assert.deepEqual(made(), { times: 1 });
});

test('what could not be made is tried again', () => {
  let times = 0;
  const made = madeOnce(() => {
    if (++times === 1) throw new Error('not yet');
    return { times };
  });
  assert.throws(made, /not yet/);
  assert.deepEqual(made(), { times: 2 });
});
