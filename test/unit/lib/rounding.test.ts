import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  minGiven,
  roundHalfAway,
  roundHalfEven,
  scaleHalfAway,
  scaleHalfEven,
} from '../../../src/lib/rounding.ts';

test('half away from zero', () => {
  const values = [0.5, 1.5, 2.5, -0.5, -1.5, 0.49999999999999994, 2 ** 52 + 1];
  assert.deepEqual(values.map(roundHalfAway), [1, 2, 3, -1, -2, 0, 2 ** 52 + 1]);
});

test('half to even', () => {
  const values = [0.5, 1.5, 2.5, -0.5, -1.5, -2.5, 2.4, 2.6];
  assert.deepEqual(
    values.map((value) => roundHalfEven(value) + 0),
    [0, 2, 2, 0, -2, -2, 2, 3],
  );
});

test('scaling rounds as named', () => {
  assert.deepEqual([scaleHalfAway(5, 0.5), scaleHalfEven(5, 0.5), scaleHalfAway(0, 9)], [3, 2, 0]);
});

test('a length that is not given leaves the other one', () => {
  assert.deepEqual([minGiven(0, 5), minGiven(5, 0), minGiven(4, 5), minGiven(0, 0)], [5, 5, 4, 0]);
});
