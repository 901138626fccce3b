/** When mezzanines are made, for whom, and what becomes of them. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { PictorEvent } from '../../../src/core/events.ts';
import { createGate } from '../../../src/lib/gate.ts';
import type { Mezzanine } from '../../../src/plan/engine-port.ts';
import type { HeldOriginal } from '../../../src/service/held-original.ts';
import { createIdleLane } from '../../../src/service/idle-lane.ts';
import { createMezzanines } from '../../../src/service/mezzanines.ts';
import { noPurges } from '../../../src/service/purge-marks.ts';
import { createFsStore } from '../../../src/stores/fs.ts';
import { plainInfo } from '../../support/plain-info.ts';
import { createHashEngine } from '../../support/service-fakes.ts';

const photo = plainInfo({ format: 'jpeg', width: 4000, height: 3000 });
const request = { source: 'test:', operations: [], output: { format: {} } };
const limits = { maxPixels: 0, maxSide: 0, maxFrames: 0, maxFramePixels: 0, maxResultPixels: 0 };
const good = { storedAt: 0, freshUntil: 0, staleUntil: 0, errorUntil: 0, storable: true };

const original = (more: Partial<HeldOriginal> = {}): HeldOriginal => ({
  uri: 'https://a.test/b.jpg',
  input: { path: '/nowhere' },
  version: '1',
  freshness: good,
  asked: 0,
  standsIn: false,
  timings: {},
  ...more,
});

interface Options {
  readonly width?: number;
  /** What the engine comes to; absent: two files. */
  readonly reduce?: () => Promise<readonly Mezzanine[]>;
}

async function open(context: TestContext, { width = 2, reduce }: Options = {}) {
  const folder = await mkdtemp(path.join(tmpdir(), 'mezzanines-'));
  const events: PictorEvent[] = [];
  const emit = (event: PictorEvent) => void events.push(event);
  const store = await createFsStore({
    dir: path.join(folder, 'store'),
    maxBytes: 1e6,
    emit,
    name: 'mezzanines',
    separateBodies: true,
  });
  const scratch: string[] = [];
  const files = async () => {
    const made = await mkdtemp(path.join(folder, 'scratch-'));
    scratch.push(made);
    for (const level of [0, 1]) await writeFile(path.join(made, `${level}.v`), `pixels ${scratch.length}`);
    return [
      { path: path.join(made, '0.v'), width: 2000, height: 1500 },
      { path: path.join(made, '1.v'), width: 1000, height: 750 },
    ];
  };
  const gate = createGate({ width, queue: 10 });
  const engine = { ...createHashEngine(), reduce: reduce ?? files };
  const lane = createIdleLane({ gate, emit });
  const mezzanines = createMezzanines({ store, engine, lane, limits, purges: noPurges });
  context.after(async () => {
    await lane.close();
    await store.close();
    await rm(folder, { recursive: true, force: true });
  });
  const count = async (of: HeldOriginal) => (await mezzanines.find(of, request)).length;
  const until = async (of: HeldOriginal, wanted: number) => {
    while ((await count(of)) !== wanted) await sleep(5);
  };
  return { mezzanines, lane, gate, events, scratch, count, until };
}

test('made after the first picture, found by the next, and nothing is left lying about', async (context) => {
  const { mezzanines, scratch, count, until } = await open(context);
  assert.equal(await count(original()), 0);
  mezzanines.madeOf(original(), photo);
  await until(original(), 2);
  const found = await mezzanines.find(original(), request);
  assert.deepEqual(
    found.map(({ width, height }) => [width, height]),
    [
      [2000, 1500],
      [1000, 750],
    ],
  );
  while (existsSync(scratch[0]!)) await sleep(5);
});

test('another version has none until its own are made, which take the place of the old ones', async (context) => {
  const { mezzanines, count, until } = await open(context);
  mezzanines.madeOf(original(), photo);
  await until(original(), 2);
  const changed = original({ version: '2' });
  assert.equal(await count(changed), 0);
  mezzanines.madeOf(changed, photo);
  await until(changed, 2);
  assert.equal(await count(original()), 0);
});

test('none of what nobody else may see, of bytes in memory, and of small pictures', async (context) => {
  const { mezzanines, lane, scratch } = await open(context);
  mezzanines.madeOf(original({ freshness: { ...good, storable: false } }), photo);
  mezzanines.madeOf(original({ memory: { grow: () => true, retain() {}, release() {} } }), photo);
  mezzanines.madeOf(original(), plainInfo({ format: 'jpeg' }));
  await lane.close();
  assert.deepEqual(scratch, []);
});

test('they wait while no place is free; what is wanted again stands in line', async (context) => {
  const { mezzanines, gate, count, until } = await open(context, { width: 1 });
  const leave = await gate.enter(new AbortController().signal);
  mezzanines.madeOf(original(), photo);
  await sleep(120);
  assert.equal(gate.state().waiting, 0);
  mezzanines.madeOf(original(), photo);
  while (gate.state().waiting === 0) await sleep(5);
  assert.equal(await count(original()), 0);
  leave!();
  await until(original(), 2);
});

test('a failure is told once and not tried again for each picture', async (context) => {
  let tries = 0;
  const { mezzanines, lane, events } = await open(context, {
    reduce: () => {
      tries += 1;
      return Promise.reject(new Error('no room'));
    },
  });
  mezzanines.madeOf(original(), photo);
  const failures = () => events.filter((event) => event.type === 'idle' && event.what === 'failed').length;
  while (failures() === 0) await sleep(5);
  mezzanines.madeOf(original(), photo);
  await lane.close();
  assert.equal(tries, 1);
  assert.equal(failures(), 1);
});

test('pictures that keep more than pixels ask for none, and what is forgotten is gone', async (context) => {
  const { mezzanines, count, until } = await open(context);
  mezzanines.madeOf(original(), photo);
  await until(original(), 2);
  const keeping = { ...request, output: { format: {}, metadata: 'keep' as const } };
  assert.deepEqual(await mezzanines.find(original(), keeping), []);
  await mezzanines.forget(original().uri);
  assert.equal(await count(original()), 0);
});

test('closing ends the waiting', async (context) => {
  const { mezzanines, lane, gate, scratch } = await open(context, { width: 1 });
  await gate.enter(new AbortController().signal);
  mezzanines.madeOf(original(), photo);
  mezzanines.madeOf(original(), photo);
  await lane.close();
  assert.deepEqual(scratch, []);
});
