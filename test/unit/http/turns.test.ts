import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { createTurns, type TurnLimits } from '../../../src/http/turns.ts';

/** Takes turns for pieces that say when they begin. */
function recorded(limits: TurnLimits, now?: () => number) {
  const takeTurns = createTurns(limits, now);
  const begun: number[] = [];
  return { begun, ask: (number: number) => takeTurns(() => begun.push(number)) };
}

test('begins at once while few have begun, then a few per turn, in the order they came', async () => {
  const { begun, ask } = recorded({ perTurn: 2, atOnce: 2, patienceMs: 10_000 });
  for (let number = 1; number <= 6; number += 1) ask(number);
  assert.deepEqual(begun, [1, 2]);
  await turn();
  assert.deepEqual(begun, [1, 2], 'the turn that brought them');
  await turn();
  assert.deepEqual(begun, [1, 2, 3, 4]);
  await turn();
  assert.deepEqual(begun, [1, 2, 3, 4, 5, 6]);
});

test('while turns bring more, those that wait go on waiting, and what comes one by one waits as well', async () => {
  const { begun, ask } = recorded({ perTurn: 1, atOnce: 2, patienceMs: 10_000 });
  for (let number = 1; number <= 5; number += 1) {
    ask(number);
    await turn();
  }
  assert.deepEqual(begun, [1, 2]);
  for (let turns = 0; turns < 3; turns += 1) await turn();
  assert.deepEqual(begun, [1, 2, 3, 4, 5]);
});

test('patience ends: then they begin whatever comes', async () => {
  let time = 0;
  const { begun, ask } = recorded({ perTurn: 2, atOnce: 1, patienceMs: 25 }, () => time);
  const counts: number[] = [];
  for (let number = 1; number <= 8; number += 1) {
    ask(number);
    await turn();
    counts.push(begun.length);
    time += 10;
  }
  // 2 has to wait from the second turn on; when that is 30 ms ago two begin in each.
  assert.deepEqual(counts, [1, 1, 1, 1, 3, 5, 7, 8]);
});

test('what comes after a turn without anything to do begins at once again', async () => {
  const { begun, ask } = recorded({ perTurn: 1, atOnce: 1, patienceMs: 10_000 });
  ask(1);
  await turn();
  await turn();
  ask(2);
  assert.deepEqual(begun, [1, 2]);
});

test('work that asks for more waits for its next turn like all others', async () => {
  const takeTurns = createTurns({ perTurn: 1, atOnce: 1, patienceMs: 10_000 });
  const begun: string[] = [];
  takeTurns(() => {
    begun.push('a');
    takeTurns(() => begun.push('c'));
  });
  takeTurns(() => begun.push('b'));
  for (let turns = 0; turns < 5; turns += 1) await turn();
  assert.deepEqual(begun, ['a', 'c', 'b']);
});
