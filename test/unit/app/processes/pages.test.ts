import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Counter, Gauge, Registry } from 'prom-client';
import { createPages } from '../../../../src/app/processes/pages.ts';
import type { Serving } from '../../../../src/app/processes/serving.ts';

/** A process that has answered so many requests, and has one under way. */
function createProcess() {
  const registry = new Registry();
  const requests = new Counter({ name: 'requests_total', help: 'Requests.', registers: [registry] });
  new Gauge({ name: 'under_way', help: 'Under way.', registers: [registry] }).set(1);
  let answers = true;
  const ask = () =>
    answers ? registry.getMetricsAsJSON() : Promise.reject(new Error('a serving process ended'));
  const serving = { channel: { ask } } as unknown as Serving;
  return { serving, requests, silence: () => (answers = false) };
}

test('what was counted stays counted when a process does not answer, ends and is replaced', async () => {
  const [first, second, third] = [createProcess(), createProcess(), createProcess()];
  let living = [first.serving, second.serving];
  const pages = await createPages({ config: { mounts: [] }, serving: () => living });
  const shown = async () => {
    const { text } = await pages.operators();
    return ['requests_total', 'under_way'].map((name) =>
      Number(new RegExp(`^${name} (.*)$`, 'm').exec(text)?.[1]),
    );
  };
  first.requests.inc(10);
  second.requests.inc(5);
  assert.deepEqual(await shown(), [15, 2]);
  second.silence();
  first.requests.inc(1);
  assert.deepEqual(await shown(), [16, 2], 'as it was');
  living = [first.serving];
  assert.deepEqual(await Promise.all([shown(), shown()]), [
    [16, 1],
    [16, 1],
  ]);
  living = [first.serving, third.serving];
  third.requests.inc(2);
  assert.deepEqual(await shown(), [18, 2]);
});
