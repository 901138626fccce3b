import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PictorError } from '../../../src/core/errors.ts';
import type { PictorEvent } from '../../../src/core/events.ts';
import type { Source } from '../../../src/core/ports.ts';
import { createGate } from '../../../src/lib/gate.ts';
import type { ImageRequest } from '../../../src/request/image-request.ts';
import { createHostGates } from '../../../src/service/host-gates.ts';
import { createIdleLane } from '../../../src/service/idle-lane.ts';
import { createMemoryBudget } from '../../../src/service/memory-budget.ts';
import { noMezzanines } from '../../../src/service/mezzanines.ts';
import { createOriginals } from '../../../src/service/originals.ts';
import { noPurges } from '../../../src/service/purge-marks.ts';
import { createImageService } from '../../../src/service/serve-image.ts';
import {
  createHashEngine,
  createMapStore,
  createScriptedSource,
  found,
  hashed,
  noLimits,
  usualFreshness,
} from '../../support/service-fakes.ts';

const never = new AbortController().signal;

const image = (name: string, width = 10): ImageRequest => ({
  source: `https://images.example/${name}`,
  operations: [{ op: 'resize', width }],
  output: { format: { exact: 'png' } },
});

function setUp(
  source: Source,
  more: {
    processQueue?: number;
    processWidth?: number;
    engineDelay?: number;
    memory?: number;
    perHost?: number;
    maxWaitSeconds?: number;
    reencode?: boolean;
  } = {},
) {
  let clock = Date.parse('2026-01-01T00:00:00Z');
  const now = () => clock;
  const events: PictorEvent[] = [];
  const emit = (event: PictorEvent) => events.push(event);
  const variants = createMapStore();
  const store = createMapStore();
  const engine = createHashEngine(more.engineDelay ?? 1);
  const memory = createMemoryBudget(more.memory ?? 1e6);
  const originals = createOriginals({
    source,
    store,
    hosts: createHostGates({ width: more.perHost ?? 4, queue: 2000 }),
    gate: createGate({ width: 4, queue: 2000 }),
    maxBytes: 1e6,
    memory,
    retryAfterSeconds: 2,
    purges: noPurges,
    freshness: usualFreshness,
    emit,
    now,
  });
  const gate = createGate({ width: more.processWidth ?? 2, queue: more.processQueue ?? 2000 });
  const lane = createIdleLane({ gate, emit });
  const service = createImageService({
    variants,
    originals,
    engine,
    mezzanines: noMezzanines,
    gate,
    limits: noLimits,
    purges: noPurges,
    maxWaitSeconds: more.maxWaitSeconds ?? 0,
    retryAfterSeconds: 2,
    lane,
    encoding: { budgetMilliseconds: 200, standInSeconds: 30, reencode: more.reencode ?? false },
    emit,
    now,
  });
  return {
    service,
    engine,
    variants,
    store,
    events,
    gate,
    lane,
    memory,
    pass: (seconds: number) => {
      clock += seconds * 1000;
    },
  };
}

const refuses = (code: string) => (thrown: unknown) => thrown instanceof PictorError && thrown.code === code;
const settle = () => new Promise((resolve) => setTimeout(resolve, 20));

test('1,000 concurrent mixed requests: one fetch per source, one transform per variant, every byte right', async () => {
  const source = createScriptedSource(async (uri) => found(`original of ${uri}`));
  const { service, engine } = setUp(source);
  const requests = Array.from({ length: 1000 }, (_, index) => image(`${index % 7}.png`, 10 + (index % 11)));
  const answers = await Promise.all(
    requests.map((request) => service.serve({ image: request, signal: never })),
  );
  assert.equal(source.asked.length, 7);
  assert.equal(engine.jobs.length, 77);
  for (const [index, answer] of answers.entries()) {
    const request = requests[index]!;
    const expected = hashed({
      request,
      inputs: { [request.source]: { bytes: Buffer.from(`original of ${request.source}`) } },
    });
    assert.deepEqual(answer.body, expected.bytes, `reply ${index}`);
  }
});

test('a second request is a hit, another variant of the same source does not fetch again', async () => {
  const source = createScriptedSource(async () => found('x'));
  const { service, engine } = setUp(source);
  assert.equal((await service.serve({ image: image('a'), signal: never })).cache, 'miss');
  const hit = await service.serve({ image: image('a'), signal: never });
  assert.equal(hit.cache, 'hit');
  assert.equal(hit.tier, 'memory');
  await service.serve({ image: image('a', 20), signal: never });
  assert.equal(source.asked.length, 1);
  assert.equal(engine.jobs.length, 2);
});

test('another edition asks the source anew, and leaves the others as they are', async () => {
  const source = createScriptedSource(async (_uri, _context, nth) => found(`version ${nth}`));
  const { service, engine } = setUp(source);
  const serve = (edition?: string) =>
    service.serve({ image: { ...image('a'), ...(edition === undefined ? {} : { edition }) }, signal: never });
  const first = await serve();
  const second = await serve('2');
  assert.notDeepEqual(second.body, first.body);
  assert.notEqual(second.etag, first.etag);
  assert.deepEqual((await serve()).body, first.body);
  assert.deepEqual((await serve('2')).body, second.body);
  assert.equal(source.asked.length, 2);
  assert.equal(engine.jobs.length, 2);
});

test('an unchanged source is revalidated without encoding again, a changed one is transformed anew', async () => {
  let text = 'first';
  const source = createScriptedSource(async (_uri, context) =>
    context.known?.etag === `"${text}"`
      ? { status: 'not-modified', response: { status: 304, headers: { 'cache-control': 'max-age=10' } } }
      : found(text, { etag: `"${text}"`, 'cache-control': 'max-age=10' }),
  );
  const { service, engine, pass } = setUp(source);
  const first = await service.serve({ image: image('a'), signal: never });
  pass(100);
  const second = await service.serve({ image: image('a'), signal: never });
  assert.equal(second.cache, 'revalidated');
  assert.equal(second.etag, first.etag);
  assert.equal(engine.jobs.length, 1);
  assert.equal((await service.serve({ image: image('a'), signal: never })).cache, 'hit');
  pass(100);
  text = 'second';
  const third = await service.serve({ image: image('a'), signal: never });
  assert.equal(third.cache, 'miss');
  assert.notEqual(third.etag, first.etag);
  assert.equal(engine.jobs.length, 2);
});

test('stale-while-revalidate: the old variant is answered at once and renewed behind it', async () => {
  const source = createScriptedSource(async (_uri, _context, nth) =>
    found(`version ${nth}`, { 'cache-control': 'max-age=10' }),
  );
  const { service, pass } = setUp(source);
  const first = await service.serve({ image: image('a'), signal: never });
  pass(30);
  const second = await service.serve({ image: image('a'), signal: never });
  assert.equal(second.cache, 'stale');
  assert.equal(second.etag, first.etag);
  await settle();
  const third = await service.serve({ image: image('a'), signal: never });
  assert.equal(third.cache, 'hit');
  assert.notEqual(third.etag, first.etag);
  assert.equal(source.asked.length, 2);
});

test('stale-if-error: a failing source does not take a picture away, and is not asked for every request', async () => {
  let down = false;
  const source = createScriptedSource(async () => {
    if (down) throw new PictorError('SOURCE_FAILED', { upstreamStatus: 500 });
    return found('x', { 'cache-control': 'max-age=10' });
  });
  const { service, pass } = setUp(source);
  await service.serve({ image: image('a'), signal: never });
  down = true;
  pass(3600);
  const answers = await Promise.all(
    Array.from({ length: 5 }, () => service.serve({ image: image('a'), signal: never })),
  );
  assert.deepEqual(new Set(answers.map((answer) => answer.cache)), new Set(['stale']));
  assert.equal(source.asked.length, 2);
  await assert.rejects(service.serve({ image: image('b'), signal: never }), refuses('SOURCE_FAILED'));
  pass(200_000);
  await assert.rejects(service.serve({ image: image('a'), signal: never }), refuses('SOURCE_FAILED'));
});

test('a copy that stands in is not good for longer because the clock was set back', async () => {
  let down = false;
  const source = createScriptedSource(async () => {
    if (down) throw new PictorError('SOURCE_FAILED', { upstreamStatus: 500 });
    return found('x', { 'cache-control': 'max-age=10' });
  });
  const { service, pass } = setUp(source);
  const ask = () => service.serve({ image: image('a'), signal: never });
  await ask();
  down = true;
  pass(7200);
  assert.equal((await ask()).cache, 'stale');
  down = false;
  pass(-3600);
  assert.equal((await ask()).cache, 'revalidated', 'not a hit for the next hour');
});

test('a source that says 404 takes its picture away once the copy is no longer fresh', async () => {
  let gone = false;
  const source = createScriptedSource(async () => {
    if (gone) throw new PictorError('SOURCE_NOT_FOUND', { upstreamStatus: 404 });
    return found('x', { 'cache-control': 'max-age=10' });
  });
  const { service, pass } = setUp(source);
  await service.serve({ image: image('a'), signal: never });
  gone = true;
  pass(3600);
  await assert.rejects(service.serve({ image: image('a'), signal: never }), refuses('SOURCE_NOT_FOUND'));
});

test('failures are remembered for a short time and never stored', async () => {
  const source = createScriptedSource(async () =>
    Promise.reject(new PictorError('SOURCE_NOT_FOUND', { upstreamStatus: 404 })),
  );
  const { service, variants, store, pass } = setUp(source);
  for (let turn = 0; turn < 3; turn++) {
    await assert.rejects(service.serve({ image: image('a'), signal: never }), refuses('SOURCE_NOT_FOUND'));
  }
  assert.equal(source.asked.length, 1);
  assert.equal(variants.blobs.size + store.blobs.size, 0);
  pass(11);
  await assert.rejects(service.serve({ image: image('a'), signal: never }), refuses('SOURCE_NOT_FOUND'));
  assert.equal(source.asked.length, 2);
});

test('no-store and private originals are answered but not kept', async () => {
  const source = createScriptedSource(async () => found('x', { 'cache-control': 'private' }));
  const { service, variants, store } = setUp(source);
  const answer = await service.serve({ image: image('a'), signal: never });
  assert.equal(answer.cache, 'bypass');
  assert.equal(answer.shareable, false);
  assert.equal(variants.blobs.size + store.blobs.size, 0);
  await service.serve({ image: image('a'), signal: never });
  assert.equal(source.asked.length, 2);
});

test('what the client holds already is not transformed', async () => {
  const source = createScriptedSource(async () => found('x'));
  const { service, engine } = setUp(source);
  const { etag } = await service.serve({ image: image('a'), signal: never });
  const other = setUp(source);
  const answer = await other.service.serve({
    image: image('a'),
    signal: never,
    clientHolds: (candidate) => candidate.etag === etag,
  });
  assert.equal(answer.body, null);
  assert.equal(engine.jobs.length, 1);
  assert.equal(other.engine.jobs.length, 0);
});

test('a full process queue is BUSY with a Retry-After and does not fail those inside', async () => {
  const source = createScriptedSource(async () => found('x'));
  const { service } = setUp(source, { processWidth: 1, processQueue: 1, engineDelay: 20 });
  const results = await Promise.allSettled(
    [10, 20, 30, 40].map((width) => service.serve({ image: image('a', width), signal: never })),
  );
  const refused = results
    .filter((result) => result.status === 'rejected')
    .map((result) => result.reason as PictorError);
  assert.equal(refused.length, 2);
  assert.ok(refused.every((error) => error.code === 'BUSY' && error.retryAfterSeconds === 2));
});

test('work is dropped when every waiter has left, and the gate is free again', async () => {
  const source = createScriptedSource(async () => found('x'));
  const { service, engine, gate } = setUp(source, { processWidth: 1, engineDelay: 500 });
  const leaver = new AbortController();
  const running = service.serve({ image: image('a', 1), signal: never });
  await settle();
  const waiting = service.serve({ image: image('a', 2), signal: leaver.signal });
  await new Promise((resolve) => setImmediate(resolve));
  leaver.abort(new PictorError('CANCELLED'));
  await assert.rejects(waiting, refuses('CANCELLED'));
  await running;
  await settle();
  assert.equal(engine.jobs.length, 1);
  assert.deepEqual(gate.state(), { active: 0, waiting: 0 });
});

test('a full disk stops no delivery', async () => {
  const source = createScriptedSource(async () => found('x'));
  const { service, store, variants, events } = setUp(source);
  store.failWrites = true;
  variants.failWrites = true;
  const answer = await service.serve({ image: image('a'), signal: never });
  assert.equal(answer.cache, 'miss');
  await service.drain();
  assert.ok(events.some((event) => event.type === 'store' && event.what === 'write-failed'));
});

test('an original of another URI under the same key is not used', async () => {
  const source = createScriptedSource(async (uri) => found(uri));
  const { service, store } = setUp(source);
  await service.serve({ image: image('a'), signal: never });
  for (const [key, blob] of store.blobs)
    store.blobs.set(key, { ...blob, meta: { ...blob.meta, uri: 'https://elsewhere.example/' } });
  await service.serve({ image: image('a', 20), signal: never });
  assert.equal(source.asked.length, 2);
});

test('an original that was lost before the worker opened it is fetched once more, past the store that loses it', async () => {
  const source = createScriptedSource(async () => found('x'));
  const { service, engine, store } = setUp(source);
  const { transform } = engine;
  let refused = 0;
  engine.transform = (job, signal) => {
    if (refused > 0) return transform(job, signal);
    refused += 1;
    return Promise.reject(new PictorError('STORE_FAILED', { detail: 'no such file' }));
  };
  const answer = await service.serve({ image: image('a'), signal: never });
  assert.equal(answer.cache, 'miss');
  assert.deepEqual([source.asked.length, refused], [2, 1]);
  assert.equal(store.blobs.size, 0, 'the copy that cannot be read is dropped');
});

test('a picture is not made again while the store still writes it', async () => {
  const { service, variants, engine } = setUp(createScriptedSource(async () => found('x')));
  const slow = Promise.withResolvers<void>();
  const { put } = variants;
  variants.put = async (key, body, meta) => {
    await slow.promise;
    await put(key, body, meta);
  };
  const first = await service.serve({ image: image('a'), signal: never });
  const second = await service.serve({ image: image('a'), signal: never });
  assert.deepEqual([second.body, engine.jobs.length], [first.body, 1]);
  slow.resolve();
  await service.drain();
  assert.equal((await service.serve({ image: image('a'), signal: never })).cache, 'hit');
});

test('what no store can hold is not offered to it: one fetch, not two', async () => {
  const source = createScriptedSource(async () => found('x'));
  const { service, store } = setUp(source);
  Object.assign(store, { maxBlobBytes: 0 });
  assert.equal((await service.serve({ image: image('a'), signal: never })).cache, 'miss');
  assert.deepEqual([source.asked.length, store.blobs.size], [1, 0]);
});

test('a variant that cannot be read any more is made again', async () => {
  const source = createScriptedSource(async () => found('x'));
  const { service, variants, engine } = setUp(source);
  await service.serve({ image: image('a'), signal: never });
  const { peek } = variants;
  variants.peek = (key) => {
    const blob = peek?.(key) ?? null;
    if (blob === null) return null;
    const { body: _, ...rest } = blob;
    return { ...rest, bytes: () => Promise.reject(new PictorError('STORE_FAILED')) };
  };
  assert.equal((await service.serve({ image: image('a'), signal: never })).cache, 'miss');
  assert.equal(engine.jobs.length, 2);
});

test('a request that was asking its source while the picture was made does not make it again', async () => {
  const source = createScriptedSource(async () => found('x', { 'cache-control': 'max-age=0' }));
  const { service, engine, variants } = setUp(source);
  const { peek, get } = variants;
  await service.serve({ image: image('a'), signal: never });
  // The late request looked before the first one had finished …
  let looked = false;
  const blindOnce = (key: string) => {
    if (looked) return peek?.(key) ?? null;
    looked = true;
    return null;
  };
  variants.peek = blindOnce;
  variants.get = async (key) => (looked ? get(key) : null);
  // … and reaches the transform after it.
  await service.serve({ image: image('a'), signal: never });
  assert.equal(engine.jobs.length, 1);
});

test('a store that takes nothing does not cost a second fetch', async () => {
  const source = createScriptedSource(async () => found('x'));
  const { service, store, memory } = setUp(source);
  store.put = () => Promise.reject(new PictorError('STORE_FAILED', { detail: 'no such folder' }));
  assert.equal((await service.serve({ image: image('a'), signal: never })).cache, 'miss');
  assert.equal(source.asked.length, 1);
  await settle();
  assert.equal(memory.used(), 0);
});

test('what a failing store left unread is given up before the source is asked again', async () => {
  const source = createScriptedSource(async (_uri, _context, nth) => {
    if (nth === 2) assert.equal(source.asked[0]?.context.signal.aborted, true);
    return found('x');
  });
  const { service, store } = setUp(source);
  store.failWrites = true;
  assert.equal((await service.serve({ image: image('a'), signal: never })).cache, 'miss');
  assert.deepEqual(
    source.asked.map(({ context }) => context.signal.aborted),
    [true, false],
  );
});

test('originals that no store keeps share one amount of memory, and give it back', async () => {
  const source = createScriptedSource(async () => found('x'.repeat(600), { 'cache-control': 'no-store' }));
  const { service, memory } = setUp(source, { memory: 1000, engineDelay: 20 });
  const serve = (name: string, width?: number) => service.serve({ image: image(name, width), signal: never });
  const results = await Promise.allSettled([serve('a'), serve('b'), serve('a', 20)]);
  assert.deepEqual(
    results.map((result) => (result.status === 'fulfilled' ? 'served' : (result.reason as PictorError).code)),
    ['served', 'BUSY', 'served'],
  );
  await settle();
  assert.equal(memory.used(), 0);
  assert.equal((await serve('b')).cache, 'bypass');
});

test('memory stays counted while others wait for a picture, and is given back when all have left', async () => {
  const source = createScriptedSource(async () => found('x'.repeat(600), { 'cache-control': 'no-store' }));
  const { service, memory, engine } = setUp(source, { engineDelay: 50 });
  const [first, second] = [new AbortController(), new AbortController()];
  const answers = [first, second].map(({ signal }) => service.serve({ image: image('a'), signal }));
  const settled = Promise.allSettled(answers);
  await settle();
  assert.equal(engine.jobs.length, 1);
  first.abort(new PictorError('CANCELLED'));
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(memory.used(), 600);
  second.abort(new PictorError('CANCELLED'));
  await settled;
  await new Promise((resolve) => setTimeout(resolve, 60));
  assert.equal(memory.used(), 0);
});

test('copies noted by a clock that was ahead are not taken for fresh', async () => {
  const source = createScriptedSource(async () => found('x'));
  const { service, pass } = setUp(source);
  await service.serve({ image: image('a'), signal: never });
  pass(-30);
  assert.equal((await service.serve({ image: image('a'), signal: never })).cache, 'hit');
  const { key, etag } = await service.serve({ image: image('a'), signal: never });
  assert.notEqual(service.peek(key, etag), null);
  pass(-3600);
  assert.equal(service.peek(key, etag), null);
  assert.equal((await service.serve({ image: image('a'), signal: never })).cache, 'revalidated');
  assert.equal(source.asked.length, 2);
  assert.equal((await service.serve({ image: image('a'), signal: never })).cache, 'hit');
});

test('whoever waits for a worker too long is turned away, and its place in the queue is free', async () => {
  const source = createScriptedSource(async () => found('x'));
  const { service, engine, gate } = setUp(source, { processWidth: 1, maxWaitSeconds: 0.02 });
  const held = Promise.withResolvers<void>();
  const { transform } = engine;
  engine.transform = (job, signal) => held.promise.then(() => transform(job, signal));
  const first = service.serve({ image: image('a', 1), signal: never });
  await assert.rejects(service.serve({ image: image('a', 2), signal: never }), (thrown) => {
    assert.ok(thrown instanceof PictorError);
    assert.deepEqual([thrown.code, thrown.retryAfterSeconds], ['BUSY', 2]);
    return true;
  });
  assert.deepEqual(gate.state(), { active: 1, waiting: 0 });
  held.resolve();
  assert.equal((await first).cache, 'miss');
});

test('a client that takes any tag does not stand for a picture that was never made', async () => {
  const { service, engine } = setUp(createScriptedSource(async () => found('x')));
  const answer = await service.serve({ image: image('a'), signal: never, clientHolds: () => true });
  assert.notEqual(answer.body, null);
  assert.equal(engine.jobs.length, 1);
});

test('a slow host does not take the places of the others', async () => {
  const slow = Promise.withResolvers<void>();
  const source = createScriptedSource(async (uri) => {
    if (uri.includes('slow.example')) await slow.promise;
    return found('x');
  });
  const { service } = setUp(source, { perHost: 3 });
  const serve = (host: string, name: number) =>
    service.serve({ image: { ...image('a'), source: `https://${host}/${name}` }, signal: never });
  const waiting = Array.from({ length: 20 }, (_, name) => serve('slow.example', name));
  const answer = await serve('other.example', 1);
  assert.equal(answer.cache, 'miss');
  assert.equal(source.asked.length, 4);
  slow.resolve();
  await Promise.all(waiting);
  assert.equal(source.asked.length, 21);
});

const onlyHere = { name: 'here', allows: (url: string) => url.startsWith('https://images.example/') };

/** Redirects to another host, and tells so, as long as whoever asks may be led there. */
const redirecting = (elsewhere: () => string | null, headers: Record<string, string> = {}) =>
  createScriptedSource(async (_uri, { visits }) => {
    const stop = elsewhere();
    if (stop === null) return found('text', headers);
    if (visits?.allows(stop) === false) throw new PictorError('SOURCE_NOT_ALLOWED');
    return { ...found('text', headers), visited: [stop] };
  });

test('a copy fetched for one who may be led anywhere is not handed to one who may not, stored or on its way', async () => {
  const source = redirecting(() => 'https://elsewhere.example/a.png');
  const { service, pass } = setUp(source);
  const anywhere = () => service.serve({ image: image('a.png'), signal: never });
  const here = (width = 10) =>
    service.serve({ image: image('a.png', width), signal: never, visits: onlyHere });

  const together = await Promise.allSettled([anywhere(), here(), anywhere(), here()]);
  assert.deepEqual(
    together.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled', 'rejected'],
  );
  assert.equal(source.asked.length, 2, 'one fetch for each rule');
  assert.equal((await anywhere()).cache, 'hit');
  await assert.rejects(here(), refuses('SOURCE_NOT_ALLOWED'), 'the stored variant');
  await assert.rejects(here(20), refuses('SOURCE_NOT_ALLOWED'), 'the stored original');
  pass(310);
  await assert.rejects(here(), refuses('SOURCE_NOT_ALLOWED'), 'the stale variant');
  pass(1000);
  await assert.rejects(here(), refuses('SOURCE_NOT_ALLOWED'), 'the old variant');
  assert.notEqual((await anywhere()).body, null);
});

test('a copy that was fetched without leaving what is allowed is shared by all', async () => {
  let stop: string | null = null;
  const source = redirecting(() => stop);
  const { service, pass } = setUp(source);
  const anywhere = () => service.serve({ image: image('a.png'), signal: never });
  const here = () => service.serve({ image: image('a.png'), signal: never, visits: onlyHere });
  await here();
  assert.equal((await anywhere()).cache, 'hit');
  assert.equal(source.asked.length, 1);

  stop = 'https://elsewhere.example/a.png';
  pass(1000);
  assert.equal((await anywhere()).cache, 'revalidated');
  await assert.rejects(here(), refuses('SOURCE_NOT_ALLOWED'), 'the same bytes, reached another way');
  stop = 'https://images.example/b.png';
  assert.notEqual((await here()).body, null, 'asked again, as the source may lead elsewhere by now');
  assert.equal((await here()).cache, 'hit');
});

test('a bound of bytes that the request brings counts for its original, not for its mark, and for nobody else', async () => {
  const asked: string[] = [];
  const source: Source = {
    schemes: ['https'],
    open: (uri, { maxBytes }) => {
      asked.push(`${uri.slice(-1)} ${maxBytes}`);
      return maxBytes < 10
        ? Promise.reject(new PictorError('SOURCE_TOO_LARGE'))
        : Promise.resolve(found('text'));
    },
  };
  const { service } = setUp(source);
  const bounded = (maxSourceBytes?: number): ImageRequest => ({
    ...image('a'),
    operations: [{ op: 'watermark', source: 'https://images.example/b' }],
    ...(maxSourceBytes === undefined ? {} : { limits: { maxSourceBytes } }),
  });
  const serve = (request: ImageRequest) => service.serve({ image: request, signal: never });
  await assert.rejects(serve(bounded(9)), { code: 'SOURCE_TOO_LARGE' });
  await assert.rejects(serve(bounded(9)), { code: 'SOURCE_TOO_LARGE' });
  assert.deepEqual(asked.toSorted(), ['a 9', 'b 1000000'], 'the refusal is remembered for this bound');
  await serve(bounded());
  assert.deepEqual(asked.slice(2), ['a 1000000'], 'and for no other');
});

test('a copy that is too large for the one who asks is none, and stays one for the others', async () => {
  const source = createScriptedSource(async () => found('four'));
  const { service } = setUp(source);
  const serve = (maxSourceBytes: number, width: number) =>
    service.serve({ image: { ...image('a', width), limits: { maxSourceBytes } }, signal: never });
  await serve(0, 10);
  assert.equal(source.asked.length, 1);
  await serve(3, 10);
  assert.deepEqual(
    source.asked.map(({ context: { maxBytes } }) => maxBytes),
    [Number.MAX_SAFE_INTEGER, 3],
    'the source is asked for no more than that',
  );
  await serve(4, 10);
  assert.equal(source.asked.length, 2);
});

test('a bound of no bytes at all is none', async () => {
  const bounds: number[] = [];
  const source: Source = {
    schemes: ['https'],
    open: (_, { maxBytes }) => {
      bounds.push(maxBytes);
      return Promise.resolve(found('text'));
    },
  };
  await setUp(source).service.serve({
    image: { ...image('a'), limits: { maxSourceBytes: 0 } },
    signal: never,
  });
  assert.deepEqual(bounds, [Number.MAX_SAFE_INTEGER]);
});
