import assert from 'node:assert/strict';
import { test } from 'node:test';
import { growthPercent } from '../../../src/app/heap-bounds.ts';

const megabyte = 1024 * 1024;
/** Megabytes that old objects may grow by. */
const growthOf = (megabytes: number) => (megabytes * growthPercent(megabytes * megabyte)) / 100;

test('a small heap may grow by more than young objects need', () => {
  assert.equal(growthPercent(24 * megabyte), 80);
  for (const megabytes of [2, 10, 20]) assert.ok(Math.abs(growthOf(megabytes) - 12 - 0.3 * megabytes) < 0.2);
});

test('a large one by 30 % besides', () => {
  assert.ok(Math.abs(growthOf(500) - 162) < 2.5);
  assert.equal(growthPercent(8192 * megabyte), 30);
});

test('an empty heap is no reason to divide by nothing', () => {
  assert.equal(growthPercent(0), growthPercent(megabyte));
});
