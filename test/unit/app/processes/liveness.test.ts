import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { watchLiveness } from '../../../../src/app/processes/liveness.ts';
import type { Serving } from '../../../../src/app/processes/serving.ts';
import type { PictorEvent } from '../../../../src/core/events.ts';

test('a process that does not answer several times in a row is ended; one that is late once is not', async (t) => {
  mock.timers.enable({ apis: ['setInterval'] });
  t.after(() => mock.timers.reset());
  const killed: string[] = [];
  const held: (() => void)[] = [];
  const processOf = (name: string, ping: () => Promise<void>) =>
    ({ index: 0, pid: 1, channel: { ask: ping }, kill: () => killed.push(name) }) as unknown as Serving;
  const late = () => new Promise<void>((resolve) => held.push(resolve));
  const living = [
    processOf('sound', () => Promise.resolve()),
    processOf('late', late),
    processOf('hanging', () => new Promise(() => {})),
  ];
  const events: PictorEvent[] = [];
  const liveness = watchLiveness({ serving: () => living, emit: (event) => events.push(event), everyMs: 10 });
  const pass = async () => {
    mock.timers.tick(10);
    await Promise.resolve();
    await Promise.resolve();
  };
  await pass();
  await pass();
  await pass();
  held[0]?.();
  await Promise.resolve();
  await pass();
  assert.deepEqual(killed, ['hanging']);
  assert.match(JSON.stringify(events), /hangs and is ended/);
  liveness.stop();
  for (let look = 0; look < 5; look += 1) await pass();
  assert.deepEqual(killed, ['hanging']);
});
