import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openedOnce } from '../../../src/cloud/opened-once.ts';

test('one opening serves all; one that failed is tried again', async () => {
  let tries = 0;
  const service = openedOnce(async () => {
    tries += 1;
    if (tries === 1) throw new Error('away');
    return { tries };
  });
  const [first, second] = await Promise.allSettled([service(), service()]);
  assert.deepEqual([first.status, second.status, tries], ['rejected', 'rejected', 1]);
  assert.equal(await service(), await service());
  assert.equal(tries, 2);
});
