import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { createTurns } from '../../../src/http/turns.ts';

test('begins at once while few have begun, then a few per turn, in the order they came', async () => {
  const takeTurns = createTurns({ perTurn: 2 });
  const begun: number[] = [];
  for (let number = 1; number <= 5; number += 1) takeTurns(() => begun.push(number));
  assert.deepEqual(begun, [1, 2]);
  await turn();
  assert.deepEqual(begun, [1, 2, 3, 4]);
  takeTurns(() => begun.push(6));
  await turn();
  assert.deepEqual(begun, [1, 2, 3, 4, 5, 6]);
});

test('what comes after a pause begins at once again', async () => {
  const takeTurns = createTurns({ perTurn: 1 });
  const begun: string[] = [];
  takeTurns(() => begun.push('a'));
  await turn();
  await turn();
  takeTurns(() => begun.push('b'));
  assert.deepEqual(begun, ['a', 'b']);
});

test('work that asks for more waits for its next turn like all others', async () => {
  const takeTurns = createTurns({ perTurn: 1 });
  const begun: string[] = [];
  takeTurns(() => {
    begun.push('a');
    takeTurns(() => begun.push('c'));
  });
  takeTurns(() => begun.push('b'));
  for (let turns = 0; turns < 4; turns += 1) await turn();
  assert.deepEqual(begun, ['a', 'c', 'b']);
});
