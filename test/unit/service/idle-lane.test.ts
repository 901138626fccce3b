/** Work that nobody waits for: when it begins, in which order, and what is left out. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { PictorEvent } from '../../../src/core/events.ts';
import { createGate } from '../../../src/lib/gate.ts';
import { createIdleLane, type IdlePiece } from '../../../src/service/idle-lane.ts';

const never = () => new AbortController().signal;

function open(context: TestContext, { width = 2, longest = 4 } = {}) {
  const events: string[] = [];
  const begun: string[] = [];
  const emit = (event: PictorEvent) =>
    void (event.type === 'idle' && events.push(`${event.work} ${event.what}`));
  const gate = createGate({ width, queue: 10 });
  const lane = createIdleLane({ gate, emit, longest });
  context.after(() => lane.close());
  const piece = (name: string, more: Partial<IdlePiece> = {}): IdlePiece => ({
    work: 'slow-format',
    name,
    ...more,
    async run(signal) {
      begun.push(name);
      await more.run?.(signal);
    },
  });
  return { lane, gate, piece, begun, events };
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(2);
}

test('one piece at a time, in the order they came, one per name; what can wait longest comes last', async (context) => {
  const { lane, piece, begun, events } = open(context);
  let active = 0;
  let most = 0;
  const counted = async () => {
    active += 1;
    most = Math.max(most, active);
    await sleep(1);
    active -= 1;
  };
  lane.add(piece('again', { work: 're-encode', last: true, run: counted }));
  lane.add(piece('a', { run: counted }));
  lane.add(piece('a', { run: counted }));
  lane.add(piece('b', { run: counted }));
  assert.equal(lane.waiting(), 3);
  await until(() => begun.length === 3 && active === 0);
  assert.deepEqual(begun, ['a', 'b', 'again']);
  assert.equal(most, 1);
  assert.deepEqual(events.slice(0, 3), ['re-encode queued', 'slow-format queued', 'slow-format queued']);
  await until(() => events.length === 6);
  assert.equal(events.filter((event) => event.endsWith('done')).length, 3);
});

test('nothing begins while the requests take every place, or wait for one', async (context) => {
  const { lane, gate, piece, begun } = open(context, { width: 1 });
  const first = await gate.enter(never());
  lane.add(piece('a'));
  await sleep(120);
  assert.deepEqual(begun, []);
  const second = gate.enter(never());
  first!();
  await sleep(120);
  assert.deepEqual(begun, []);
  (await second)!();
  await until(() => begun.length === 1);
});

test('what has a worker of its own takes no place at the gate: all of them stay with the requests', async (context) => {
  const { lane, gate, piece, begun } = open(context, { width: 1 });
  const held = Promise.withResolvers<void>();
  lane.add(piece('long', { run: () => held.promise }));
  await until(() => begun.length === 1);
  assert.deepEqual(gate.state(), { active: 0, waiting: 0 });
  const leave = await gate.enter(never());
  assert.notEqual(leave, null);
  leave!();
  held.resolve();
});

test('what works with the workers of the requests holds a place meanwhile, and gives it back, also when it fails', async (context) => {
  const { lane, gate, piece, events } = open(context, { width: 1 });
  let active = 0;
  const run = async () => {
    active = gate.state().active;
    throw new Error('no luck');
  };
  lane.add(piece('a', { atGate: true, run }));
  await until(() => events.includes('slow-format failed'));
  assert.equal(active, 1);
  assert.deepEqual(gate.state(), { active: 0, waiting: 0 });
});

test('a full line leaves out what comes, or what can wait longest', async (context) => {
  const { lane, gate, piece, begun, events } = open(context, { width: 1, longest: 2 });
  const leave = await gate.enter(never());
  lane.add(piece('a'));
  lane.add(piece('again', { work: 're-encode', last: true }));
  lane.add(piece('more', { work: 're-encode', last: true }));
  assert.equal(lane.waiting(), 2);
  lane.add(piece('b'));
  assert.equal(lane.waiting(), 2);
  lane.add(piece('c'));
  assert.deepEqual(
    events.filter((event) => event.endsWith('dropped')),
    ['re-encode dropped', 're-encode dropped', 'slow-format dropped'],
  );
  leave!();
  await until(() => begun.length === 2);
  assert.deepEqual(begun, ['a', 'b']);
});

test('what is forgotten is not done', async (context) => {
  const { lane, piece, begun } = open(context);
  lane.add(piece('a'));
  lane.forget('a');
  lane.add(piece('b'));
  await until(() => begun.length === 1);
  assert.deepEqual(begun, ['b']);
});

test('closing aborts what is under way, tells nobody that it failed, and begins no more', async (context) => {
  const { lane, piece, begun, events } = open(context);
  const aborted = (signal: AbortSignal) =>
    new Promise<void>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
  lane.add(piece('a', { run: aborted }));
  lane.add(piece('b'));
  await until(() => begun.length === 1);
  await lane.close();
  lane.add(piece('c'));
  await sleep(20);
  assert.deepEqual(begun, ['a']);
  assert.equal(events.includes('slow-format failed'), false);
});
