import assert from 'node:assert/strict';
import { test } from 'node:test';
import { median, ofRounds, percentile, ratios, turnOf } from '../../../bench/rounds.ts';

test('a median is in the middle, or between the two that are', () => {
  assert.equal(median([9, 1, 5]), 5);
  assert.equal(median([9, 1, 5, 6]), 5.5);
});

test('a percentile is the value below which a share lies', () => {
  const numbers = Array.from({ length: 100 }, (_, index) => 99 - index);
  assert.equal(percentile(numbers, 0.99), 99);
  assert.equal(percentile(numbers, 0.5), 50);
});

test('a ratio is one of neighbours: a machine that slows down changes both sides', () => {
  const ours = [1, 2, 4];
  const others = [2, 4, 8];
  assert.deepEqual(ofRounds(ratios(others, ours, (each) => each)), { value: 2, rounds: [2, 2, 2] });
});

test('rounds that one side took no part in count for nothing', () => {
  assert.deepEqual(
    ratios([6, 8, 10], [3, undefined, 2], (each) => each),
    [2, 5],
  );
});

test('nobody is always first, nor always behind the same one', () => {
  const names = ['a', 'b', 'c'] as const;
  const turns = Array.from({ length: 6 }, (_, round) => turnOf(names, round));
  for (const turn of turns) assert.deepEqual(turn.toSorted(), names);
  assert.deepEqual(
    turns.map(([first]) => `${first}`).toSorted((a, b) => a.localeCompare(b)),
    ['a', 'a', 'b', 'b', 'c', 'c'],
  );
  assert.deepEqual(turnOf(names, -1).toSorted(), names);
});
