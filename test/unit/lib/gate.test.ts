import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createGate } from '../../../src/lib/gate.ts';

const never = new AbortController().signal;

test('lets in up to its width, queues up to its bound, turns the rest away', async () => {
  const gate = createGate({ width: 1, queue: 1 });
  const first = await gate.enter(never);
  assert.ok(first);
  const second = gate.enter(never);
  assert.equal(await gate.enter(never), null);
  assert.deepEqual(gate.state(), { active: 1, waiting: 1 });
  first();
  first();
  const leave = await second;
  assert.deepEqual(gate.state(), { active: 1, waiting: 0 });
  leave?.();
  assert.deepEqual(gate.state(), { active: 0, waiting: 0 });
});

test('admits in the order of arrival', async () => {
  const gate = createGate({ width: 1, queue: 10 });
  const order: number[] = [];
  const leave = await gate.enter(never);
  const waits = [1, 2, 3].map(async (number) => {
    const done = await gate.enter(never);
    order.push(number);
    done?.();
  });
  leave?.();
  await Promise.all(waits);
  assert.deepEqual(order, [1, 2, 3]);
});

test('a waiter that gives up frees its place in the queue', async () => {
  const gate = createGate({ width: 1, queue: 1 });
  const leave = await gate.enter(never);
  const impatient = new AbortController();
  const waiting = gate.enter(impatient.signal);
  impatient.abort(new Error('gone'));
  await assert.rejects(waiting, /gone/);
  assert.equal(gate.state().waiting, 0);
  const next = gate.enter(never);
  leave?.();
  assert.ok(await next);
});

test('never more than its width at once, and everybody who was let in leaves', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 4 }),
      fc.array(fc.nat(3), { maxLength: 40 }),
      async (width, delays) => {
        const gate = createGate({ width, queue: 1000 });
        let inside = 0;
        let most = 0;
        await Promise.all(
          delays.map(async (turns) => {
            const leave = await gate.enter(never);
            inside += 1;
            most = Math.max(most, inside);
            for (let turn = 0; turn < turns; turn++) await Promise.resolve();
            inside -= 1;
            leave?.();
          }),
        );
        assert.ok(most <= width);
        assert.deepEqual(gate.state(), { active: 0, waiting: 0 });
      },
    ),
    { numRuns: 50 },
  );
});

test('a waiter may leave a place to those behind it, and is asked again', async () => {
  const gate = createGate({ width: 2, queue: 2 });
  let ready = false;
  const first = gate.enter(never, () => ready);
  assert.deepEqual(gate.state(), { active: 0, waiting: 1 });
  const second = await gate.enter(never);
  const third = await gate.enter(never);
  third?.();
  assert.deepEqual(gate.state(), { active: 1, waiting: 1 });
  gate.ask();
  assert.deepEqual(gate.state(), { active: 1, waiting: 1 });
  ready = true;
  gate.ask();
  const leave = await first;
  assert.deepEqual(gate.state(), { active: 2, waiting: 0 });
  leave?.();
  second?.();
  assert.deepEqual(gate.state(), { active: 0, waiting: 0 });
});

test('one that leaves its place to others keeps its turn, and gets a place where nobody may wait', async () => {
  const gate = createGate({ width: 1, queue: 2 });
  const leave = await gate.enter(never);
  let ready = false;
  const order: string[] = [];
  const held = gate
    .enter(never, () => ready)
    .then((done) => {
      order.push('held');
      return done;
    });
  const behind = gate.enter(never).then((done) => {
    order.push('behind');
    return done;
  });
  ready = true;
  leave?.();
  (await held)?.();
  (await behind)?.();
  assert.deepEqual(order, ['held', 'behind']);

  const full = createGate({ width: 1, queue: 0 });
  assert.ok(await full.enter(never, () => false));
});
