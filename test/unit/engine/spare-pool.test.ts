/** The worker of what nobody waits for: it is there while it is needed, and not in the way of the others. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { PictorEvent } from '../../../src/core/events.ts';
import { createEngine } from '../../../src/engine/engine.ts';
import type { Pool } from '../../../src/engine/pool.ts';
import { engineSettings } from '../../../src/engine/settings.ts';
import { createSparePool, noStats } from '../../../src/engine/spare-pool.ts';
import type { Work, WorkResult } from '../../../src/engine/wire.ts';
import type { Engine, TransformJob } from '../../../src/plan/engine-port.ts';
import { jobOf } from '../../support/engine-jobs.ts';

const never = () => new AbortController().signal;
const work = { type: 'inspect' } as Work;

/** Pools that count how often they were opened and closed; each piece of work takes until `finish`. */
function counted(restMilliseconds: number) {
  const counts = { opened: 0, closed: 0 };
  const running: (() => void)[] = [];
  const open = (): Pool => {
    counts.opened += 1;
    return {
      run: () =>
        new Promise<WorkResult>((resolve) => {
          running.push(() => resolve([]));
        }),
      stats: () => ({ ...noStats, workers: 1, started: 1 }),
      async close() {
        counts.closed += 1;
      },
    };
  };
  const finish = () => running.shift()!();
  return { pool: createSparePool({ open, restMilliseconds }), counts, finish };
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 2));
}

test('opened with the first piece, kept for more, closed after a rest, opened again', async () => {
  const { pool, counts, finish } = counted(10);
  assert.deepEqual([counts.opened, pool.stats().workers], [0, 0]);
  const both = [pool.run(work, never()), pool.run(work, never())];
  assert.equal(counts.opened, 1);
  finish();
  await both[0];
  assert.equal(counts.closed, 0);
  finish();
  await both[1];
  await until(() => counts.closed === 1);
  assert.deepEqual([pool.stats().workers, pool.stats().started], [0, 1]);
  const third = pool.run(work, never());
  assert.deepEqual([counts.opened, pool.stats().started], [2, 2]);
  finish();
  await third;
  await pool.close();
  assert.equal(counts.closed, 2);
  await assert.rejects(pool.run(work, never()), { code: 'SHUTTING_DOWN' });
});

test('what comes within the rest finds it still there', async () => {
  const { pool, counts, finish } = counted(60_000);
  for (let times = 0; times < 3; times += 1) {
    const done = pool.run(work, never());
    finish();
    await done;
  }
  assert.deepEqual(counts, { opened: 1, closed: 0 });
  await pool.close();
});

const engines: Engine[] = [];
after(() => Promise.all(engines.map((engine) => engine.close())));

function negotiated(width: number): TransformJob {
  const job = jobOf({ of: 'photo.jpg', operations: [{ op: 'resize', width, enlarge: true }] });
  return { ...job, request: { ...job.request, output: { format: { negotiated: ['avif', 'webp'] } } } };
}

test('idle work has a worker of its own; a budget is asked of negotiated formats only', async () => {
  const events: PictorEvent[] = [];
  const settings = { ...engineSettings.parse({}), workers: 1 };
  const engine = createEngine(settings, (event) => void events.push(event));
  engines.push(engine);
  const small = await engine.transformWithin({ ...negotiated(200), budgetMs: 200 }, never());
  assert.ok('bytes' in small && small.format === 'avif');
  const large = await engine.transformWithin({ ...negotiated(2000), budgetMs: 200 }, never());
  assert.deepEqual(large, { passedOver: ['avif'] });
  assert.equal(engine.stats().workers, 1);
  const inIdle = await engine.transformInIdle(negotiated(100), never());
  assert.equal(inIdle.format, 'avif');
  assert.equal(engine.stats().workers, 2);
  const started = events.filter((event) => event.type === 'worker' && event.what === 'started');
  assert.equal(started.length, 2);
  const made = events.filter((event) => event.type === 'transform');
  assert.equal(made.length, 2);
});

test('without isolation there is nothing to spare', async () => {
  const engine = createEngine({ ...engineSettings.parse({}), isolation: 'none' }, () => {});
  engines.push(engine);
  const { format } = await engine.transformInIdle(negotiated(40), never());
  assert.deepEqual([format, engine.stats().started], ['avif', 0]);
});
