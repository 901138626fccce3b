import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMemoryBudget } from '../../../src/service/memory-budget.ts';

test('what does not fit is refused and not counted', () => {
  const budget = createMemoryBudget(100);
  const [one, other] = [budget.hold(), budget.hold()];
  assert.deepEqual([one.grow(60), other.grow(50), other.grow(40)], [true, false, true]);
  assert.equal(budget.used(), 100);
});

test('a hold that is alone may be larger than the budget', () => {
  const budget = createMemoryBudget(100);
  const [one, other] = [budget.hold(), budget.hold()];
  assert.deepEqual([one.grow(60), one.grow(60), other.grow(1)], [true, true, false]);
});

test('the last holder gives the bytes back, once', () => {
  const budget = createMemoryBudget(100);
  const one = budget.hold();
  one.grow(60);
  one.retain();
  one.release();
  assert.equal(budget.used(), 60);
  one.release();
  one.release();
  assert.equal(budget.used(), 0);
});
