/** Variants in formats that take too long, what is given meanwhile, and variants that are encoded once more. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { PictorEvent } from '../../../src/core/events.ts';
import { createGate } from '../../../src/lib/gate.ts';
import type { Engine, TransformJob, TransformResult } from '../../../src/plan/engine-port.ts';
import type { ImageRequest } from '../../../src/request/image-request.ts';
import { createHostGates } from '../../../src/service/host-gates.ts';
import { createIdleLane } from '../../../src/service/idle-lane.ts';
import { createMemoryBudget } from '../../../src/service/memory-budget.ts';
import { noMezzanines } from '../../../src/service/mezzanines.ts';
import { createOriginals } from '../../../src/service/originals.ts';
import { openPurgeMarks } from '../../../src/service/purge-marks.ts';
import { createImageService } from '../../../src/service/serve-image.ts';
import {
  createMapStore,
  createScriptedSource,
  found,
  hashed,
  noLimits,
  usualFreshness,
} from '../../support/service-fakes.ts';

const never = new AbortController().signal;

const uri = 'https://images.example/photo.jpg';
const image = (negotiated: readonly string[], source = uri): ImageRequest => ({
  source,
  operations: [],
  output: { format: { negotiated, preferred: ['jpeg'] } },
});
const avifFirst = image(['avif', 'webp']);
const webpOnly = image(['webp']);

/** Gives what is asked for first; AVIF is too slow for every budget. Bytes after the headers of the answer are the picture. */
function createFormatEngine() {
  const log: string[] = [];
  const control = { hold: Promise.resolve() as Promise<unknown>, fail: false, thoroughBytes: 10 };
  const formatOf = ({ request: { output } }: TransformJob) => output.format.negotiated?.[0] ?? 'jpeg';
  const result = (job: TransformJob): TransformResult => {
    const format = formatOf(job);
    const thorough = job.request.output.encoder?.[format] !== undefined;
    const made = hashed(job);
    const bytes = thorough ? made.bytes.subarray(0, control.thoroughBytes) : made.bytes;
    return { ...made, bytes, format, mediaType: `image/${format}` };
  };
  const engine: Engine = {
    async transform(job) {
      log.push(formatOf(job));
      return result(job);
    },
    async transformWithin(job) {
      if (formatOf(job) === 'avif') {
        log.push('avif?');
        return { passedOver: ['avif'] };
      }
      return engine.transform(job, never);
    },
    async transformInIdle(job) {
      log.push(`${formatOf(job)} in idle`);
      await control.hold;
      if (control.fail) throw new Error('too much');
      return result(job);
    },
    reduce: async () => [],
    inspect: () => Promise.reject(new Error('not used')),
    stats: () => ({ workers: 1, busy: 0, started: 1, crashed: 0, timedOut: 0, recycled: 0, rssBytes: 0 }),
    close: async () => {},
  };
  return { engine, log, control };
}

type Answer = Parameters<typeof createScriptedSource>[0];

async function setUp(
  context: TestContext,
  more: { reencode?: boolean; answer?: Answer; budget?: number } = {},
) {
  const clock = { now: Date.parse('2026-01-01T00:00:00Z') };
  const now = () => clock.now;
  const idle: string[] = [];
  const emit = (event: PictorEvent) =>
    void (event.type === 'idle' && idle.push(`${event.work} ${event.what}`));
  const variants = createMapStore();
  const journal = { read: async () => [], append: async () => {}, replace: async () => {} };
  const purges = await openPurgeMarks({ journal, now });
  const source = createScriptedSource(more.answer ?? (async () => found('a photo')));
  const { engine, log, control } = createFormatEngine();
  const gate = createGate({ width: 2, queue: 100 });
  const lane = createIdleLane({ gate, emit });
  const originals = createOriginals({
    source,
    store: createMapStore(),
    hosts: createHostGates({ width: 4, queue: 100 }),
    gate: createGate({ width: 4, queue: 100 }),
    maxBytes: 1e6,
    memory: createMemoryBudget(1e6),
    retryAfterSeconds: 1,
    purges,
    freshness: usualFreshness,
    emit,
    now,
  });
  const { budget = 200, reencode = false } = more;
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
    lane,
    encoding: { budgetMilliseconds: budget, standInSeconds: 30, reencode },
    emit,
    now,
  });
  context.after(() => lane.close());
  const serve = (wanted: ImageRequest = avifFirst) => service.serve({ image: wanted, signal: never });
  const until = async (event: string, times = 1) => {
    while (idle.filter((each) => each === event).length < times) await sleep(2);
    await service.drain();
  };
  const pass = (seconds: number) => {
    clock.now += seconds * 1000;
  };
  return { service, serve, variants, source, log, control, idle, until, pass, purges, lane, gate, clock };
}

test('a format that takes too long: the next best at once for a short while, then the real one', async (context) => {
  const { serve, until, log, clock } = await setUp(context);
  const first = await serve();
  assert.equal(first.mediaType, 'image/webp');
  assert.equal(first.standsInSeconds, 30);
  assert.equal(first.freshUntil, clock.now + 30_000);
  assert.equal(first.lastModified, undefined);
  await until('slow-format done');
  const second = await serve();
  assert.equal(second.mediaType, 'image/avif');
  assert.equal(second.cache, 'hit');
  assert.equal(second.standsInSeconds, undefined);
  assert.ok(second.freshUntil > clock.now + 200_000);
  assert.notEqual(second.etag, first.etag);
  assert.notEqual(second.key, first.key);
  assert.deepEqual(log, ['avif?', 'webp', 'avif in idle']);
});

test('the stand-in is made once, and is the picture of clients that do not take the slow format', async (context) => {
  const { serve, control, log, until, idle } = await setUp(context);
  const held = Promise.withResolvers<void>();
  control.hold = held.promise;
  const first = await serve();
  const again = await serve();
  const plain = await serve(webpOnly);
  assert.deepEqual(again.body, first.body);
  assert.equal(again.cache, 'hit');
  assert.equal(again.standsInSeconds, 30);
  assert.equal(plain.etag, first.etag);
  assert.equal(plain.standsInSeconds, undefined);
  assert.deepEqual(
    log.filter((each) => each === 'webp' || each === 'avif?'),
    ['avif?', 'webp'],
  );
  held.resolve();
  await until('slow-format done');
  assert.equal(idle.includes('slow-format failed'), false);
});

test('a hundred at once: asked once whether it is too slow, one stand-in, one real one', async (context) => {
  const { serve, log, until } = await setUp(context);
  const answers = await Promise.all(Array.from({ length: 100 }, () => serve()));
  assert.deepEqual(new Set(answers.map(({ mediaType }) => mediaType)), new Set(['image/webp']));
  await until('slow-format done');
  assert.deepEqual(log, ['avif?', 'webp', 'avif in idle']);
});

test('requests are not behind idle work: every place at the gate is theirs while it runs', async (context) => {
  const { serve, control, gate, log } = await setUp(context);
  const held = Promise.withResolvers<void>();
  control.hold = held.promise;
  await serve();
  while (!log.includes('avif in idle')) await sleep(2);
  assert.deepEqual(gate.state(), { active: 0, waiting: 0 });
  await Promise.all(['a', 'b', 'c'].map((name) => serve(image(['webp'], `https://images.example/${name}`))));
  assert.equal(log.filter((each) => each === 'webp').length, 4);
  held.resolve();
});

test('without a budget everybody waits', async (context) => {
  const { serve, log } = await setUp(context, { budget: 0 });
  assert.equal((await serve()).mediaType, 'image/avif');
  assert.deepEqual(log, ['avif']);
});

test('what may not be kept is not put off: the next best is what it gets', async (context) => {
  const { serve, idle } = await setUp(context, {
    answer: async () => found('a photo', { 'cache-control': 'no-store' }),
  });
  const given = await serve();
  assert.equal(given.mediaType, 'image/webp');
  assert.equal(given.standsInSeconds, undefined);
  assert.deepEqual(idle, []);
});

test('a stand-in is never good for longer than its source is', async (context) => {
  const { serve } = await setUp(context, {
    answer: async () => found('a photo', { 'cache-control': 'max-age=7' }),
  });
  assert.equal((await serve()).standsInSeconds, 7);
});

test('what cannot be made is not tried again, and what stands in for it stays', async (context) => {
  const { serve, control, until, idle } = await setUp(context);
  control.fail = true;
  assert.equal((await serve()).standsInSeconds, 30);
  await until('slow-format failed');
  const next = await serve();
  assert.equal(next.mediaType, 'image/webp');
  assert.equal(next.standsInSeconds, undefined);
  assert.equal(idle.filter((each) => each === 'slow-format queued').length, 1);
});

test('a purge while it waits or is made: nothing of before is kept', async (context) => {
  const { serve, control, until, purges, variants, log, pass } = await setUp(context);
  const held = Promise.withResolvers<void>();
  control.hold = held.promise;
  await serve();
  while (!log.includes('avif in idle')) await sleep(2);
  pass(1);
  await purges.set({ uri });
  held.resolve();
  await until('slow-format done');
  const types = [...variants.blobs.values()].map(({ meta }) => meta['mediaType']);
  assert.equal(types.includes('image/avif'), false);
});

test('a source that changed meanwhile: the new version is what is made', async (context) => {
  let version = 1;
  const { serve, until, pass } = await setUp(context, {
    answer: async () => found(`version ${version}`, { 'cache-control': 'max-age=60' }),
  });
  await serve();
  await until('slow-format done');
  const before = await serve();
  version = 2;
  pass(1000);
  const meanwhile = await serve();
  assert.equal(meanwhile.mediaType, 'image/webp');
  await until('slow-format done', 2);
  const after = await serve();
  assert.equal(after.mediaType, 'image/avif');
  assert.notDeepEqual(after.body, before.body);
});

test('another process has made it: it is not made again', async (context) => {
  const one = await setUp(context);
  const held = Promise.withResolvers<void>();
  one.lane.add({ work: 'mezzanine', name: 'before', run: () => held.promise });
  await one.serve();
  const other = await setUp(context);
  await other.serve();
  await other.until('slow-format done');
  for (const [key, blob] of other.variants.blobs) one.variants.blobs.set(key, blob);
  held.resolve();
  await one.until('slow-format done');
  assert.equal(one.log.includes('avif in idle'), false);
  assert.equal((await one.serve()).mediaType, 'image/avif');
});

test('encoded once more when asked for again, kept where smaller, with a tag of its own', async (context) => {
  const headers = {
    etag: '"one"',
    'last-modified': 'Thu, 01 Jan 2026 00:00:00 GMT',
    'cache-control': 'max-age=300',
  };
  const answer: Answer = async () => found('a photo', headers);
  const { serve, until, log, variants, service } = await setUp(context, { reencode: true, answer });
  const first = await serve(webpOnly);
  await service.drain();
  await sleep(80);
  assert.deepEqual(log, ['webp']);
  assert.equal((await serve(webpOnly)).etag, first.etag);
  await until('re-encode done');
  const after = await serve(webpOnly);
  assert.equal(after.body!.length, 10);
  assert.notEqual(after.etag, first.etag);
  // A part of the one must not be taken for a part of the other, by whatever names it.
  assert.notEqual(first.sourceEtag, undefined);
  assert.notEqual(first.lastModified, undefined);
  assert.deepEqual(
    [after.sourceEtag, after.lastModified, after.sourceLastModified],
    [undefined, undefined, undefined],
  );
  assert.equal(after.freshUntil, first.freshUntil);
  assert.equal(service.peek(first.key, first.etag), null);
  assert.notEqual(service.peek(after.key, after.etag), null);
  await serve(webpOnly);
  await sleep(80);
  assert.deepEqual(log, ['webp', 'webp in idle']);
  assert.equal(variants.blobs.get(first.key)!.meta['reencoded'], true);
});

test('a URL that is answered from memory counts as asked for again', async (context) => {
  const { serve, until, service } = await setUp(context, { reencode: true });
  const first = await serve(webpOnly);
  await service.drain();
  assert.notEqual(service.peek(first.key, first.etag), null);
  await until('re-encode done');
  assert.notEqual((await serve(webpOnly)).etag, first.etag);
});

test('what comes out no smaller leaves the variant as it is, and is not tried again', async (context) => {
  const { serve, until, control, variants, log } = await setUp(context, { reencode: true });
  control.thoroughBytes = 32;
  const first = await serve(webpOnly);
  await serve(webpOnly);
  await until('re-encode done');
  const after = await serve(webpOnly);
  assert.equal(after.etag, first.etag);
  assert.deepEqual(after.body, first.body);
  assert.equal(variants.blobs.get(first.key)!.meta['reencoded'], true);
  assert.equal(log.filter((each) => each === 'webp in idle').length, 1);
});

test('nothing is encoded once more unless that is switched on', async (context) => {
  const { serve, idle } = await setUp(context);
  await serve(webpOnly);
  await serve(webpOnly);
  await sleep(80);
  assert.deepEqual(idle, []);
});

test('a purge while it is encoded once more: the old picture does not come back', async (context) => {
  const { serve, until, control, purges, variants, log, pass } = await setUp(context, { reencode: true });
  const held = Promise.withResolvers<void>();
  control.hold = held.promise;
  const first = await serve(webpOnly);
  await serve(webpOnly);
  while (!log.includes('webp in idle')) await sleep(2);
  pass(1);
  await purges.set({ uri });
  await variants.delete(first.key);
  held.resolve();
  await until('re-encode done');
  assert.equal(variants.blobs.has(first.key), false);
});

test('a variant that was made anew while the old one was encoded once more stays', async (context) => {
  let version = 1;
  const { serve, until, control, pass, log } = await setUp(context, {
    reencode: true,
    answer: async () => found(`version ${version}`, { 'cache-control': 'max-age=60' }),
  });
  const held = Promise.withResolvers<void>();
  control.hold = held.promise;
  await serve(webpOnly);
  await serve(webpOnly);
  while (!log.includes('webp in idle')) await sleep(2);
  version = 2;
  pass(1000);
  const renewed = await serve(webpOnly);
  held.resolve();
  await until('re-encode done');
  const after = await serve(webpOnly);
  assert.equal(after.etag, renewed.etag);
  assert.deepEqual(after.body, renewed.body);
});
