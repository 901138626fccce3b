/** Nothing that was purged counts again, whatever was on its way at that moment. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PictorError } from '../../../src/core/errors.ts';
import type { Original } from '../../../src/core/ports.ts';
import { createGate } from '../../../src/lib/gate.ts';
import type { ImageRequest } from '../../../src/request/image-request.ts';
import { createCacheSweep } from '../../../src/service/cache-sweep.ts';
import { createHostGates } from '../../../src/service/host-gates.ts';
import { createIdleLane } from '../../../src/service/idle-lane.ts';
import { createMemoryBudget } from '../../../src/service/memory-budget.ts';
import { noMezzanines } from '../../../src/service/mezzanines.ts';
import { createOriginals } from '../../../src/service/originals.ts';
import { openPurgeMarks } from '../../../src/service/purge-marks.ts';
import { createImageService } from '../../../src/service/serve-image.ts';
import { createMemoryStore } from '../../../src/stores/memory.ts';
import {
  createHashEngine,
  createScriptedSource,
  found,
  noLimits,
  usualFreshness,
} from '../../support/service-fakes.ts';

const never = new AbortController().signal;
const freshness = { ...usualFreshness, defaultSeconds: 10_000 };

const uri = 'https://images.example/cat.jpg';
const mark = 'https://images.example/mark.png';
const image = (width = 10): ImageRequest => ({
  source: uri,
  operations: [{ op: 'resize', width }],
  output: { format: { exact: 'png' } },
});
const marked: ImageRequest = {
  ...image(),
  operations: [{ op: 'watermark', source: mark, opacity: 1 }] as unknown as ImageRequest['operations'],
};

type Answer = Parameters<typeof createScriptedSource>[0];

async function setUp(answer: Answer, engineDelay = 1) {
  const clock = { now: 1_000_000 };
  const now = () => clock.now;
  const emit = () => {};
  const source = createScriptedSource(answer);
  const variants = createMemoryStore({ maxBytes: 1e6 });
  const store = createMemoryStore({ maxBytes: 1e6 });
  const engine = createHashEngine(engineDelay);
  const journal = { read: async () => [], append: async () => {}, replace: async () => {} };
  const purges = await openPurgeMarks({ journal, now });
  const originals = createOriginals({
    source,
    store,
    hosts: createHostGates({ width: 4, queue: 100 }),
    gate: createGate({ width: 4, queue: 100 }),
    maxBytes: 1e6,
    memory: createMemoryBudget(1e6),
    retryAfterSeconds: 1,
    purges,
    freshness,
    emit,
    now,
  });
  const gate = createGate({ width: 4, queue: 100 });
  const service = createImageService({
    variants,
    originals,
    engine,
    mezzanines: noMezzanines,
    gate,
    limits: noLimits,
    purges,
    maxWaitSeconds: 0,
    retryAfterSeconds: 1,
    lane: createIdleLane({ gate, emit }),
    encoding: { budgetMilliseconds: 200, standInSeconds: 30, reencode: false },
    emit,
    now,
  });
  const stores = [
    { tier: variants, through: variants },
    { tier: store, through: store },
  ];
  const sweep = createCacheSweep({ stores, purges, emit });
  const keys = async () => [
    ...(await Array.fromAsync(variants.list!(''))),
    ...(await Array.fromAsync(store.list!(''))),
  ];
  const serve = (wanted: ImageRequest = image()) => service.serve({ image: wanted, signal: never });
  return { clock, source, service, purges, sweep, engine, keys, serve };
}

const text = (nth: number): Original => found(`picture ${nth}`);

test('the next one who asks gets it from the source, as a whole', async () => {
  const { clock, source, purges, serve } = await setUp(async (_uri, _context, nth) =>
    found(`picture ${nth}`, { etag: '"same"' }),
  );
  const first = await serve();
  assert.equal((await serve()).cache, 'hit');
  clock.now += 10;
  await purges.set({ uri });
  clock.now += 10;
  const second = await serve();
  assert.deepEqual([second.cache, source.asked.length], ['miss', 2]);
  assert.equal(source.asked[1]!.context.known, undefined, 'not whether it is still the same');
  assert.notDeepEqual(second.body, first.body);
  assert.equal((await serve()).cache, 'hit');
});

test('a repeated URL is not answered with what was purged', async () => {
  const { clock, service, purges, serve } = await setUp(async (_uri, _context, nth) => text(nth));
  const { key, etag } = await serve();
  assert.notEqual(service.peek(key, etag), null);
  clock.now += 10;
  await purges.set({ uri });
  assert.equal(service.peek(key, etag), null);
});

test('a fetch that was under way is for those who waited, and is not kept', async () => {
  const gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const { clock, purges, serve, keys, service } = await setUp(async (_uri, _context, nth) => {
    await gates[nth - 1]?.promise;
    return text(nth);
  });
  const before = serve();
  await new Promise((resolve) => setImmediate(resolve));
  clock.now += 10;
  await purges.set({ uri });
  clock.now += 10;
  const after = serve();
  gates[1]!.resolve();
  const newer = await after;
  // The older one arrives last, and must not take the place of the newer.
  gates[0]!.resolve();
  const older = await before;
  await service.drain();
  assert.notDeepEqual(older.body, newer.body);
  const again = await serve();
  assert.deepEqual(again.body, newer.body);
  await service.drain();
  assert.ok((await keys()).length > 0);
});

test('a transform that was under way is not kept, nor joined', async () => {
  const { clock, purges, serve, service, engine, keys } = await setUp(
    async () => found('the same bytes'),
    30,
  );
  const before = serve();
  while (engine.jobs.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  clock.now += 10;
  await purges.set({ uri });
  const [kept] = [await before, await service.drain()];
  assert.equal(kept.cache, 'miss');
  assert.deepEqual(
    await keys(),
    (await keys()).filter((key) => !key.includes(kept.key)),
    'no variant',
  );
  clock.now += 10;
  assert.equal((await serve()).cache, 'miss');
  assert.equal(engine.jobs.length, 2);
});

test('a copy that stood in for a failing source is not dressed up as a new one', async () => {
  const failing = Promise.withResolvers<void>();
  const { clock, purges, serve, source } = await setUp(async (_uri, _context, nth) => {
    if (nth === 1) return found('old', { 'cache-control': 'max-age=1, stale-if-error=100000' });
    if (nth > 2) return text(nth);
    await failing.promise;
    throw new PictorError('SOURCE_FAILED');
  });
  await serve();
  clock.now += 500_000;
  const standsIn = serve(image(20));
  while (source.asked.length < 2) await new Promise((resolve) => setTimeout(resolve, 1));
  await purges.set({ uri });
  clock.now += 10;
  failing.resolve();
  await standsIn;
  clock.now += 10;
  assert.equal((await serve(image(20))).cache, 'miss');
  assert.equal(source.asked.length, 3);
});

test('a failure of before the purge is not remembered after it', async () => {
  const { clock, purges, serve, source } = await setUp(async (_uri, _context, nth) => {
    if (nth === 1) throw new PictorError('SOURCE_NOT_FOUND');
    return text(nth);
  });
  await assert.rejects(serve(), { code: 'SOURCE_NOT_FOUND' });
  await assert.rejects(serve(), { code: 'SOURCE_NOT_FOUND' });
  assert.equal(source.asked.length, 1);
  clock.now += 10;
  await purges.set({ uri });
  clock.now += 10;
  assert.equal((await serve()).cache, 'miss');
});

test('a purged watermark takes its pictures with it, once', async () => {
  const { clock, purges, serve, source, engine } = await setUp(async (of, _context, nth) =>
    found(`${of} ${nth}`),
  );
  await serve(marked);
  clock.now += 10;
  await purges.set({ uri: mark });
  clock.now += 10;
  assert.equal((await serve(marked)).cache, 'miss');
  assert.equal((await serve(marked)).cache, 'hit', 'though the picture itself is older than the purge');
  assert.deepEqual([source.asked.length, engine.jobs.length], [3, 2]);
});

test('the bytes of what was purged go, and nothing else', async () => {
  const { clock, purges, serve, sweep, keys, service } = await setUp(async (of) => found(of));
  await serve();
  await serve(image(20));
  const other = { ...image(), source: 'https://images.example/dog.jpg' };
  await serve(other);
  await service.drain();
  const all = await keys();
  assert.equal(all.length, 5);
  clock.now += 10;
  await purges.set({ uri });
  assert.equal(await sweep.run(), true);
  assert.equal((await keys()).length, 2);
  assert.deepEqual(purges.unswept(), []);
  assert.equal((await serve(other)).cache, 'hit');
  await sweep.close();
});
