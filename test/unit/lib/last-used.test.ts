import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLastUsed } from '../../../src/lib/last-used.ts';

test('the values that were not used for the longest time go', () => {
  const values = createLastUsed<number>(3);
  values.set('a', 1).set('b', 2).set('c', 3);
  assert.equal(values.get('a'), 1);
  values.set('d', 4).set('d', 5);
  assert.deepEqual([...values.keys()].toSorted(), ['a', 'c', 'd']);
  assert.equal(values.get('d'), 5);
});
