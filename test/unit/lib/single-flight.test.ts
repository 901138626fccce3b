import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createSingleFlight } from '../../../src/lib/single-flight.ts';

const never = new AbortController().signal;
const tick = () => new Promise((resolve) => setImmediate(resolve));

test('callers with one key share one run, other keys run on their own', async () => {
  const flight = createSingleFlight<string>();
  let runs = 0;
  const start = async () => {
    runs += 1;
    await tick();
    return `run ${runs}`;
  };
  const shared = await Promise.all([
    flight.join('a', never, start),
    flight.join('a', never, start),
    flight.join('b', never, start),
  ]);
  assert.equal(runs, 2);
  assert.equal(shared[0], shared[1]);
  assert.equal(flight.size(), 0);
});

test('a failure reaches every waiter and is not kept', async () => {
  const flight = createSingleFlight<string>();
  const failing = () => Promise.reject(new Error('no'));
  const both = await Promise.allSettled([flight.join('a', never, failing), flight.join('a', never, failing)]);
  assert.deepEqual(
    both.map((result) => result.status),
    ['rejected', 'rejected'],
  );
  assert.equal(await flight.join('a', never, async () => 'yes'), 'yes');
});

test('a synchronous throw is a rejection', async () => {
  const flight = createSingleFlight<string>();
  const throwing = (): Promise<string> => {
    throw new Error('at once');
  };
  await assert.rejects(flight.join('a', never, throwing), /at once/);
});

test('one caller leaving does not disturb the others', async () => {
  const flight = createSingleFlight<string>();
  const leaver = new AbortController();
  let release = (_: string) => {};
  const start = () =>
    new Promise<string>((resolve) => {
      release = resolve;
    });
  const leaving = flight.join('a', leaver.signal, start);
  const staying = flight.join('a', never, start);
  leaver.abort(new Error('left'));
  await assert.rejects(leaving, /left/);
  release('done');
  assert.equal(await staying, 'done');
});

test('the run is aborted when the last caller has left, and the next caller starts afresh', async () => {
  const flight = createSingleFlight<string>();
  const first = new AbortController();
  const second = new AbortController();
  let seen: AbortSignal | undefined;
  const start = (signal: AbortSignal) => {
    seen = signal;
    return new Promise<string>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
  };
  const waits = [flight.join('a', first.signal, start), flight.join('a', second.signal, start)];
  first.abort(new Error('one'));
  assert.equal(seen?.aborted, false);
  second.abort(new Error('two'));
  assert.equal(seen?.aborted, true);
  assert.equal(await flight.join('a', never, async () => 'fresh'), 'fresh');
  await Promise.allSettled(waits);
});

test('a caller that has already left never starts a run', async () => {
  const flight = createSingleFlight<string>();
  await assert.rejects(
    flight.join('a', AbortSignal.abort(new Error('gone')), () => assert.fail('started')),
    /gone/,
  );
});
