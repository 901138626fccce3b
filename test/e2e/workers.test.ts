/** Engine workers that are killed, hang or grow, under load and on the running program: what it costs, and whom. */
import assert from 'node:assert/strict';
import process from 'node:process';
import { test } from 'node:test';
import sharp from 'sharp';
import {
  allowing,
  drawing,
  holdWorker,
  isAlive,
  liveOrigin,
  livePictor,
  metric,
  nativeTarget,
  needsProcessList,
  shapeOf,
  until,
  workersOf,
} from '../support/live-pictor.ts';
import type { PictorProcess, RawReply } from '../support/pictor-process.ts';

const skip = needsProcessList;

/** Two URLs in a row are of different sources; each is asked for twice, so that requests share their fate. */
const mixedTargets = (sources: readonly string[], total: number): string[] =>
  Array.from({ length: total }, (_, index) => {
    const variant = index >> 1;
    const format = ['png', 'jpg', 'webp'][variant % 3]!;
    return nativeTarget(sources[variant % sources.length]!, `rs:force:${40 + variant}:40`, format);
  });

async function drawingsAt(origin: Awaited<ReturnType<typeof liveOrigin>>): Promise<string[]> {
  const colours = ['red', 'green', 'blue', 'gold'];
  for (const colour of colours)
    origin.route(`/${colour}.jpg`, {
      body: await drawing({ width: 900, height: 600, colour, format: 'jpeg' }),
    });
  return colours.map((colour) => `${origin.url}/${colour}.jpg`);
}

/** URLs that were not answered with a picture. Each failure must be a clear and short one. */
function failedTargets(targets: readonly string[], replies: readonly RawReply[]): Set<string> {
  const failed = new Set<string>();
  for (const [index, { status, body, headers }] of replies.entries()) {
    if (status === 200) continue;
    assert.deepEqual(
      [status, body.toString(), headers['cache-control']],
      [500, 'Internal error', 'no-store'],
    );
    failed.add(targets[index]!);
  }
  return failed;
}

/** Every worker is up and has nothing to do. */
const atRest = (pictor: PictorProcess, workers: number) =>
  until(`${workers} workers are at rest`, async () => {
    const [alive, busy] = [
      await metric(pictor, 'pictor_workers'),
      await metric(pictor, 'pictor_workers_busy'),
    ];
    return alive === workers && busy === 0;
  });

test('a worker that is killed under load costs the requests it held, and nobody else anything', {
  skip,
}, async (t) => {
  const origin = await liveOrigin(t);
  const sources = await drawingsAt(origin);
  const env = { ...allowing(origin), PICTOR_ENGINE_WORKERS: '2', PICTOR_ADMISSION_PROCESS_QUEUE: '100' };
  const pictor = await livePictor(t, { args: ['serve'], env });
  let survivor = 0;

  await t.test('killed at an arbitrary moment, with 40 mixed requests in flight', async () => {
    const targets = mixedTargets(sources, 40);
    let answered = 0;
    const answers = targets.map(async (target) => {
      const reply = await pictor.get(target);
      answered += 1;
      return reply;
    });
    await until('the load is under way', () => answered >= 6 && workersOf(pictor).length === 2);
    const [victim, other] = workersOf(pictor);
    survivor = other!;
    process.kill(victim!, 'SIGKILL');
    const failed = failedTargets(targets, await Promise.all(answers));
    assert.ok(failed.size <= 1, [...failed].join(' and '));
    await until('the end is counted', async () => {
      return (await metric(pictor, 'pictor_worker_events_total', { what: 'crashed' })) === 1;
    });
    assert.equal(
      (await metric(pictor, 'pictor_errors_total', { code: 'WORKER_CRASHED' })) > 0,
      failed.size > 0,
    );
  });

  await t.test(
    'killed with a picture in hand for certain: that one fails, 38 of 40 do not notice',
    async (t) => {
      const targets = mixedTargets(sources, 40).map((target) => target.replace(':40/', ':41/'));
      await pictor.get(nativeTarget(sources[0]!, 'w:7'));
      await holdWorker(t, survivor);
      let answered = 0;
      const answers = targets.map(async (target) => {
        const reply = await pictor.get(target);
        answered += 1;
        return reply;
      });
      await until('all but the held one are answered', () => answered === 38);
      process.kill(survivor, 'SIGKILL');
      const replies = await Promise.all(answers);
      assert.equal(failedTargets(targets, replies).size, 1);
      assert.equal(replies.filter(({ status }) => status === 500).length, 2);
      assert.equal((await metric(pictor, 'pictor_errors_total', { code: 'WORKER_CRASHED' })) >= 2, true);
      // The picture is not to blame, so that its URL works again at once.
      const [lost] = failedTargets(targets, replies);
      assert.equal((await pictor.get(lost!)).status, 200);
    },
  );

  await t.test('afterwards everything works, with as many workers as before', async () => {
    const targets = mixedTargets(sources, 12).map((target) => target.replace(':40/', ':42/'));
    const replies = await Promise.all(targets.map((target) => pictor.get(target)));
    assert.equal(failedTargets(targets, replies).size, 0);
    await atRest(pictor, 2);
    assert.equal(workersOf(pictor).length, 2);
    assert.equal(await metric(pictor, 'pictor_worker_events_total', { what: 'crashed' }), 2);
    assert.equal(await metric(pictor, 'pictor_worker_events_total', { what: 'started' }), 4);
    assert.equal(await pictor.stop(), 0);
  });
});

for (const { name, args, env, bind, place } of [
  {
    name: 'pictor serve',
    args: ['serve'],
    env: { PICTOR_ENGINE_TIMEOUT_SECONDS: '2', PICTOR_ENGINE_WORKERS: '1' },
    bind: 'PICTOR_SERVER_BIND',
    place: '/imgproxy',
  },
  {
    name: 'pictor imgproxy',
    args: ['imgproxy'],
    env: { IMGPROXY_TIMEOUT: '2', IMGPROXY_WORKERS: '1' },
    bind: 'IMGPROXY_BIND',
    place: '',
  },
]) {
  test(`${name}: a worker that hangs is replaced after the time limit, and only its request fails`, {
    skip,
  }, async (t) => {
    const origin = await liveOrigin(t);
    const [source] = await drawingsAt(origin);
    const pictor = await livePictor(t, { args, bind, env: { ...allowing(origin), ...env } });
    const target = (options: string) => nativeTarget(source!, options).replace('/imgproxy', place);
    assert.equal(await shapeOf(await pictor.get(target('rs:force:20:20'))), 'png 20x20');
    const [victim] = workersOf(pictor);
    await holdWorker(t, victim!);

    const stuck = pictor.get(target('rs:force:21:20'));
    await until('the worker has it in hand', async () => (await metric(pictor, 'pictor_workers_busy')) === 1);
    const waiting = pictor.get(target('rs:force:22:20'));
    assert.equal(
      await shapeOf(await pictor.get(target('rs:force:20:20'))),
      'png 20x20',
      'a hit does not wait',
    );

    const { status, body, headers } = await stuck;
    assert.deepEqual([status, body.toString(), headers['cache-control']], [503, 'Timeout', 'no-store']);
    assert.equal(await shapeOf(await waiting), 'png 22x20');
    assert.equal(await shapeOf(await pictor.get(target('rs:force:23:20'))), 'png 23x20');
    assert.equal(await metric(pictor, 'pictor_worker_events_total', { what: 'timeout' }), 1);
    assert.equal(await metric(pictor, 'pictor_errors_total', { code: 'TIMEOUT' }), 1);
    await until('the worker that hung is gone', () => !isAlive(victim!));
    await atRest(pictor, 1);
  });
}

test('a worker that grows past its memory is replaced, and only its request fails', { skip }, async (t) => {
  const origin = await liveOrigin(t);
  const [source] = await drawingsAt(origin);
  // Turned by a quarter, a picture has to be in memory as a whole.
  const background = { r: 90, g: 120, b: 30 };
  const huge = await sharp({ create: { width: 8000, height: 8000, channels: 3, background } })
    .withMetadata({ orientation: 6 })
    .jpeg()
    .toBuffer();
  origin.route('/huge.jpg', { body: huge });
  const pictor = await livePictor(t, {
    args: ['serve'],
    env: {
      ...allowing(origin),
      PICTOR_ENGINE_WORKERS: '1',
      PICTOR_ENGINE_MEMORY_LIMIT: '200MiB',
      PICTOR_LIMITS_MAX_PIXELS: '100000000',
    },
  });
  assert.equal((await pictor.get(nativeTarget(source!, 'rs:force:20:20'))).status, 200);
  const [grown, after] = await Promise.all([
    pictor.get(nativeTarget(`${origin.url}/huge.jpg`, 'w:0', 'jpg')),
    pictor.get(nativeTarget(source!, 'rs:force:21:20')),
  ]);
  assert.deepEqual([grown.status, grown.body.toString()], [500, 'Internal error']);
  assert.equal(await shapeOf(after), 'png 21x20');
  assert.equal(await metric(pictor, 'pictor_worker_events_total', { what: 'memory' }), 1);
  assert.equal(await metric(pictor, 'pictor_errors_total', { code: 'WORKER_MEMORY' }), 1);
  assert.equal(await shapeOf(await pictor.get(nativeTarget(source!, 'rs:force:22:20'))), 'png 22x20');
});
