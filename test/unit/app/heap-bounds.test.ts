import assert from 'node:assert/strict';
import { test } from 'node:test';
import { growthPercent } from '../../../src/app/heap-bounds.ts';

const megabyte = 1024 * 1024;
const space = (space_name: string, megabytes: number) => ({
  space_name,
  space_size: 2 * megabytes * megabyte,
  space_used_size: megabytes * megabyte,
});

test('a small heap gets room for the young objects and some garbage, a large one 30 % besides', () => {
  assert.equal(growthPercent([space('new_space', 8), space('old_space', 14), space('code_space', 6)]), 150);
  assert.equal(growthPercent([space('old_space', 2400)]), 40);
});

test('what is young does not count, and an empty heap is no reason to divide by nothing', () => {
  const young = [space('new_space', 8), space('new_large_object_space', 100)];
  assert.equal(growthPercent([...young, space('old_space', 24)]), growthPercent([space('old_space', 24)]));
  assert.equal(growthPercent(young), 2430);
});
