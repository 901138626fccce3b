/** When mezzanines are made, for whom, and what becomes of them. */
import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { PictorEvent } from '../../../src/core/events.ts';
import type { ImageInfo } from '../../../src/core/image-info.ts';
import { createGate } from '../../../src/lib/gate.ts';
import type { Mezzanine, ReduceOrder, TransformResult } from '../../../src/plan/engine-port.ts';
import type { PassedOver } from '../../../src/plan/within-budget.ts';
import type { ImageRequest } from '../../../src/request/image-request.ts';
import type { HeldOriginal } from '../../../src/service/held-original.ts';
import { createIdleLane } from '../../../src/service/idle-lane.ts';
import { createMezzanines } from '../../../src/service/mezzanines.ts';
import { noPurges } from '../../../src/service/purge-marks.ts';
import { createFsStore } from '../../../src/stores/fs.ts';
import { plainInfo } from '../../support/plain-info.ts';
import { hashed } from '../../support/service-fakes.ts';

const photo = plainInfo({ format: 'jpeg', width: 4000, height: 3000 });
const to = (width: number): ImageRequest => ({
  source: 'https://a.test/b.jpg',
  operations: [{ op: 'resize', width }],
  output: { format: { exact: 'jpeg' } },
});
const request = to(320);
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
  readonly maxBytes?: number;
  readonly reduce?: (order: ReduceOrder) => Promise<readonly Mezzanine[]>;
  readonly inspect?: () => Promise<ImageInfo>;
}

/** What a worker leaves. */
async function written(into: readonly string[]): Promise<readonly Mezzanine[]> {
  for (const file of into) await writeFile(file, `pixels of ${file}`);
  return [
    { path: into[0]!, width: 2000, height: 1500 },
    { path: into[1]!, width: 1000, height: 750 },
  ];
}

async function open(context: TestContext, options: Options = {}) {
  const folder = await mkdtemp(path.join(tmpdir(), 'mezzanines-'));
  const events: PictorEvent[] = [];
  const emit = (event: PictorEvent) => void events.push(event);
  const { maxBytes = 1e6 } = options;
  const store = await createFsStore({
    dir: folder,
    maxBytes,
    emit,
    name: 'mezzanines',
    separateBodies: true,
  });
  const idle: ReduceOrder[] = [];
  const gate = createGate({ width: options.width ?? 2, queue: 50 });
  const lane = createIdleLane({ gate, emit });
  let inspected = 0;
  const mezzanines = createMezzanines({
    store,
    engine: {
      reduce(order) {
        idle.push(order);
        return (options.reduce ?? (({ into }) => written(into)))(order);
      },
      async inspect() {
        inspected += 1;
        return options.inspect === undefined ? photo : options.inspect();
      },
    },
    lane,
    gate,
    limits,
    purges: noPurges,
  });
  context.after(async () => {
    await lane.close();
    await mezzanines.drain();
    await store.close();
    await rm(folder, { recursive: true, force: true });
  });
  const count = async (of: HeldOriginal) => (await mezzanines.find(of, request)).length;
  /** So many have been made in idle time, and nothing of that is left to do. */
  const done = async (times: number) => {
    const isDone = (event: PictorEvent) => event.type === 'idle' && event.what === 'done';
    while (events.filter(isDone).length < times) await sleep(5);
    await mezzanines.drain();
  };
  const drafts = () => readdir(path.join(folder, 'tmp'));
  const stored = () => store.usage!().entries;
  return { mezzanines, lane, gate, events, idle, count, done, drafts, stored, inspected: () => inspected };
}

type Opened = Pick<Awaited<ReturnType<typeof open>>, 'mezzanines' | 'gate'>;

interface Making {
  readonly of?: HeldOriginal;
  readonly image?: ImageRequest;
  readonly info?: ImageInfo;
  readonly signal?: AbortSignal;
  /** Held until then. */
  readonly until?: Promise<unknown>;
  /** What comes of it; absent: what was asked for. */
  readonly comes?: (asked: Asked) => Promise<TransformResult | PassedOver>;
}

type Asked = Awaited<ReturnType<ReturnType<Opened['mezzanines']['join']>['begin']>>;

/** Makes a picture as the service does, and says of what: the original, mezzanines that were there, or some on the way. */
async function picture({ mezzanines, gate }: Opened, making: Making = {}) {
  const { of = original(), image = request, info = photo, signal = new AbortController().signal } = making;
  const shared = mezzanines.join(of, image);
  try {
    const leave = await gate.enter(signal, shared.take);
    try {
      const asked = await shared.begin();
      await making.until;
      const result = await (making.comes ?? ((order) => transformed(order, info)))(asked);
      shared.made(result);
      return asked.mezzanines !== undefined
        ? 'reused'
        : asked.mezzaninesInto !== undefined
          ? 'maker'
          : 'direct';
    } finally {
      leave!();
    }
  } finally {
    shared.leave();
  }
}

async function transformed(asked: Asked, source: ImageInfo): Promise<TransformResult> {
  const result = { ...hashed({ request, inputs: { [request.source]: { path: '/nowhere' } } }), source };
  if (asked.mezzanines !== undefined) return { ...result, reused: true };
  if (asked.mezzaninesInto === undefined) return result;
  return { ...result, mezzanines: await written(asked.mezzaninesInto) };
}

const sorted = async (made: readonly Promise<string>[]) => (await Promise.all(made)).toSorted();

test('made after the first picture, found by the next, and nothing is left lying about', async (context) => {
  const opened = await open(context);
  const { mezzanines, done, drafts } = opened;
  assert.equal(await picture(opened), 'direct');
  await done(1);
  const found = await mezzanines.find(original(), request);
  assert.deepEqual(
    found.map(({ width, height }) => [width, height]),
    [
      [2000, 1500],
      [1000, 750],
    ],
  );
  assert.deepEqual(await drafts(), []);
  assert.equal(await picture(opened), 'reused');
});

test('pictures that are wanted together: one decodes, and the others wait for what it makes on the way', async (context) => {
  const opened = await open(context);
  const made = Array.from({ length: 12 }, (_, index) => picture(opened, { image: to(300 + index) }));
  const ways = await sorted(made);
  assert.deepEqual(ways, ['maker', ...Array.from({ length: 11 }, () => 'reused')]);
  assert.equal(opened.inspected(), 1);
  assert.deepEqual(opened.idle, []);
  assert.deepEqual(opened.gate.state(), { active: 0, waiting: 0 });
  await opened.mezzanines.drain();
  assert.deepEqual(await opened.drafts(), []);
});

test('the first is made directly at once; the second makes them on its way, and the third waits for them', async (context) => {
  const opened = await open(context, { width: 3 });
  const hold = Promise.withResolvers<void>();
  const first = picture(opened, { until: hold.promise });
  while (opened.gate.state().active === 0) await sleep(5);
  assert.equal(await picture(opened, { image: to(400) }), 'maker');
  assert.equal(await picture(opened, { image: to(500) }), 'reused');
  hold.resolve();
  assert.equal(await first, 'direct');
});

test('one that cannot be made of them waits for nothing, and none are made for one alone that can', async (context) => {
  const opened = await open(context, { width: 2 });
  const hold = Promise.withResolvers<void>();
  const maker = picture(opened, { until: hold.promise });
  const waiting = picture(opened, { image: to(500) });
  while (opened.gate.state().active === 0) await sleep(5);
  // Too wide, and cut out of the original.
  assert.equal(await picture(opened, { image: to(1900) }), 'direct');
  const cut = { ...to(300), operations: [{ op: 'crop', width: 90, height: 90 } as const] };
  assert.equal(await picture(opened, { image: cut }), 'direct');
  assert.equal(opened.gate.state().waiting, 1);
  hold.resolve();
  assert.deepEqual(await sorted([maker, waiting]), ['maker', 'reused']);

  const other = original({ uri: 'https://a.test/other.jpg' });
  const images = [to(300), to(1900), cut];
  const ways = await sorted(images.map((image) => picture(opened, { of: other, image })));
  assert.deepEqual(ways, ['direct', 'direct', 'direct']);
});

test('a worker that cannot make them, a picture that fails, a store that is too small: the others go the direct way', async (context) => {
  const leftOut = async (asked: Asked) => transformed(asked.mezzaninesInto === undefined ? asked : {}, photo);
  const fails = async (asked: Asked) => {
    if (asked.mezzaninesInto !== undefined) throw new Error('no worker');
    return transformed(asked, photo);
  };
  for (const { comes, maxBytes = 1e6 } of [{ comes: leftOut }, { comes: fails }, { maxBytes: 10 }]) {
    const opened = await open(context, { maxBytes });
    const making = comes === undefined ? {} : { comes };
    const made = Array.from({ length: 4 }, () =>
      picture(opened, making).catch((error: Error) => error.message),
    );
    const ways = await sorted(made);
    assert.deepEqual(ways, ['direct', 'direct', 'direct', comes === fails ? 'no worker' : 'maker']);
    // Nor is it tried again.
    assert.equal(await picture(opened, making), 'direct');
    await opened.lane.close();
    assert.deepEqual(opened.idle, []);
    await opened.mezzanines.drain();
    assert.deepEqual(await opened.drafts(), []);
  }
});

test('headers that cannot be read and small pictures hold nobody up for long', async (context) => {
  for (const inspect of [
    () => Promise.reject(new Error('broken')),
    async () => plainInfo({ format: 'jpeg' }),
  ]) {
    const opened = await open(context, { inspect });
    const ways = await sorted([1, 2, 3].map((more) => picture(opened, { image: to(300 + more) })));
    assert.deepEqual(ways, ['direct', 'direct', 'direct']);
    assert.equal(opened.inspected(), 1);
  }
});

test('whoever is to make them and is passed over, or has left, hands that on', async (context) => {
  const opened = await open(context, { width: 1 });
  const passed: PassedOver = { passedOver: ['avif'] };
  const slow = picture(opened, { comes: async () => passed });
  const others = [picture(opened, { image: to(400) }), picture(opened, { image: to(500) })];
  assert.deepEqual(await sorted([slow, ...others]), ['maker', 'maker', 'reused']);

  const of = original({ uri: 'https://a.test/left.jpg' });
  const leave = await opened.gate.enter(new AbortController().signal);
  const gone = new AbortController();
  const left = picture(opened, { of, signal: gone.signal });
  const staying = [picture(opened, { of, image: to(400) }), picture(opened, { of, image: to(500) })];
  while (opened.gate.state().waiting < 3) await sleep(5);
  gone.abort(new Error('left'));
  await assert.rejects(left, { message: 'left' });
  leave!();
  assert.deepEqual(await sorted(staying), ['maker', 'reused']);
});

test('all who waited have left: the next one begins afresh', async (context) => {
  const opened = await open(context, { width: 1 });
  const leave = await opened.gate.enter(new AbortController().signal);
  const gone = new AbortController();
  const left = [to(300), to(400)].map((image) => picture(opened, { image, signal: gone.signal }));
  while (opened.inspected() === 0) await sleep(5);
  await sleep(5);
  gone.abort(new Error('left'));
  await Promise.allSettled(left);
  await opened.mezzanines.drain();
  leave!();
  assert.equal(await picture(opened), 'direct');
});

test('while they are made in idle time, others wait for them instead of decoding too', async (context) => {
  const hold = Promise.withResolvers<void>();
  const opened = await open(context, {
    reduce: async ({ into }) => {
      await hold.promise;
      return written(into);
    },
  });
  assert.equal(await picture(opened), 'direct');
  while (opened.idle.length === 0) await sleep(5);
  const next = picture(opened, { image: to(400) });
  while (opened.gate.state().waiting === 0) await sleep(5);
  hold.resolve();
  assert.equal(await next, 'reused');
});

test('those that are gone are made again', async (context) => {
  const opened = await open(context);
  assert.equal(await picture(opened), 'direct');
  await opened.done(1);
  const missed = async (): Promise<TransformResult> => transformed({}, photo);
  await opened.mezzanines.forget(original().uri);
  assert.equal(await picture(opened, { comes: missed }), 'direct');
  await opened.done(2);
  assert.equal(await opened.count(original()), 2);
});

test('another version has none until its own are made, which take the place of the old ones', async (context) => {
  const opened = await open(context);
  const { count, done } = opened;
  await picture(opened);
  await done(1);
  assert.equal(await count(original()), 2);
  const changed = original({ version: '2' });
  assert.equal(await count(changed), 0);
  await picture(opened, { of: changed });
  await done(2);
  assert.equal(await count(changed), 2);
  assert.equal(await count(original()), 0);
});

test('those of another version go with the first picture of the new one, also where that makes none', async (context) => {
  const opened = await open(context);
  await picture(opened);
  await opened.done(1);
  assert.equal(opened.stored(), 2);
  const grey = plainInfo({ format: 'jpeg', width: 4000, height: 3000, space: 'b-w' });
  await picture(opened, { of: original({ version: '2' }), info: grey });
  await opened.mezzanines.drain();
  assert.equal(opened.stored(), 0);
});

test('none of what nobody else may see, of bytes in memory, and of small pictures', async (context) => {
  const opened = await open(context);
  const memory = { grow: () => true, retain() {}, release() {} };
  for (const each of [original({ freshness: { ...good, storable: false } }), original({ memory })]) {
    const ways = await sorted([picture(opened, { of: each }), picture(opened, { of: each, image: to(400) })]);
    assert.deepEqual(ways, ['direct', 'direct']);
  }
  await picture(opened, { info: plainInfo({ format: 'jpeg' }) });
  await opened.lane.close();
  assert.deepEqual(opened.idle, []);
});

test('they wait while no place is free', async (context) => {
  const opened = await open(context, { width: 1 });
  const { gate, idle, done } = opened;
  const hold = Promise.withResolvers<void>();
  const first = picture(opened, { until: hold.promise });
  while (gate.state().active === 0) await sleep(5);
  const next = gate.enter(new AbortController().signal);
  hold.resolve();
  assert.equal(await first, 'direct');
  const leave = await next;
  await sleep(120);
  assert.deepEqual(idle, []);
  leave!();
  await done(1);
  assert.equal(idle.length, 1);
});

test('a failure in idle time is told once and not tried again for each picture', async (context) => {
  const opened = await open(context, { reduce: () => Promise.reject(new Error('no room')) });
  const { events, lane, idle } = opened;
  await picture(opened);
  const failures = () => events.filter((event) => event.type === 'idle' && event.what === 'failed').length;
  while (failures() === 0) await sleep(5);
  assert.equal(await picture(opened), 'direct');
  await lane.close();
  assert.equal(idle.length, 1);
  assert.equal(failures(), 1);
  assert.deepEqual(await opened.drafts(), []);
});

test('pictures that keep more than pixels ask for none, and what is forgotten is gone', async (context) => {
  const opened = await open(context);
  const { mezzanines, count, done } = opened;
  await picture(opened);
  await done(1);
  const keeping = { ...request, output: { format: {}, metadata: 'keep' as const } };
  assert.deepEqual(await mezzanines.find(original(), keeping), []);
  assert.equal(await picture(opened, { image: keeping }), 'direct');
  await mezzanines.forget(original().uri);
  assert.equal(await count(original()), 0);
});
