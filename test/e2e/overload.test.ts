/** More work than fits: what is turned away, what goes on, and what is dropped because nobody waits for it any more. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import {
  allowing,
  drawing,
  holdWorker,
  liveOrigin,
  livePictor,
  metric,
  nativeTarget,
  needsProcessList,
  shapeOf,
  until,
  workersOf,
} from '../support/live-pictor.ts';
import type { OriginReply } from '../support/origin.ts';
import type { PictorProcess, RawReply } from '../support/pictor-process.ts';
import { rawClient } from '../support/sockets.ts';

const skip = needsProcessList;
const picture = await drawing({ width: 200, height: 100, colour: 'navy' });

const bounds = { PICTOR_ENGINE_WORKERS: '1', PICTOR_ENGINE_TIMEOUT_SECONDS: '60' };

/** A server with one worker, which has made its first picture, and then stopped in its tracks. */
async function stuckServer(
  t: TestContext,
  options: { args: string[]; bind: string; env: Record<string, string> },
) {
  const origin = await liveOrigin(t);
  origin.route('/a.png', { body: picture, headers: { 'cache-control': 'max-age=3600' } });
  const env = { ...allowing(origin), ...bounds, ...options.env };
  const pictor = await livePictor(t, { ...options, env });
  const place = options.args[0] === 'imgproxy' ? '' : '/imgproxy';
  const target = (width: number) =>
    nativeTarget(`${origin.url}/a.png`, `rs:force:${width}:20`).replace('/imgproxy', place);
  assert.equal(await shapeOf(await pictor.get(target(10))), 'png 10x20');
  const goOn = await holdWorker(t, workersOf(pictor)[0]!);
  return { origin, pictor, target, goOn };
}

const gate = (pictor: PictorProcess, what: 'active' | 'waiting', name: string) =>
  metric(pictor, `pictor_queue_${what}`, { gate: name });

for (const { name, args, bind, env, status, body } of [
  {
    name: 'pictor serve, with a mount in the words of version 4',
    args: ['serve', '--mounts', JSON.stringify([{ dialect: 'imgproxy', prefix: '/imgproxy' }])],
    bind: 'PICTOR_SERVER_BIND',
    env: { PICTOR_ADMISSION_PROCESS_QUEUE: '2' },
    status: 429,
    body: 'Too many requests',
  },
  {
    name: 'pictor serve, with a mount in the words of version 1, which had none for it',
    args: [
      'serve',
      '--mounts',
      JSON.stringify([{ dialect: 'imgproxy', prefix: '/imgproxy', settings: { compat: 'v1' } }]),
    ],
    bind: 'PICTOR_SERVER_BIND',
    env: { PICTOR_ADMISSION_PROCESS_QUEUE: '2' },
    status: 503,
    body: 'Server is busy',
  },
  {
    name: 'pictor imgproxy',
    args: ['imgproxy'],
    bind: 'IMGPROXY_BIND',
    env: { IMGPROXY_REQUESTS_QUEUE_SIZE: '2', PICTOR_ADMISSION_RETRY_AFTER_SECONDS: '7' },
    status: 429,
    body: 'Too many requests',
  },
]) {
  test(`${name}: a full queue turns away at once, those inside are served, hits do not wait`, {
    skip,
  }, async (t) => {
    const { origin, pictor, target, goOn } = await stuckServer(t, { args, bind, env });
    const answered: RawReply[] = [];
    const asked = Array.from({ length: 12 }, async (_, index) => {
      const reply = await pictor.get(target(20 + index));
      answered.push(reply);
      return reply;
    });
    // One in the worker's hands and two in the queue.
    await until('nine are turned away', () => answered.length === 9);
    for (const reply of answered) {
      assert.deepEqual([reply.status, reply.body.toString()], [status, body]);
      assert.equal(reply.headers['retry-after'], env.PICTOR_ADMISSION_RETRY_AFTER_SECONDS ?? '2');
      assert.equal(reply.headers['cache-control'], 'no-store');
    }
    assert.deepEqual(
      [await gate(pictor, 'active', 'process'), await gate(pictor, 'waiting', 'process')],
      [1, 2],
    );
    assert.equal(await shapeOf(await pictor.get(target(10))), 'png 10x20');
    assert.equal(await metric(pictor, 'pictor_errors_total', { code: 'BUSY' }), 9);

    goOn();
    const replies = await Promise.all(asked);
    const served = replies.filter((reply) => reply.status === 200);
    assert.equal(served.length, 3);
    for (const reply of served) assert.match(await shapeOf(reply), /^png \d\dx20$/);
    assert.equal(await shapeOf(await pictor.get(target(40))), 'png 40x20', 'then there is room again');
    const turnedAway = replies.findIndex((reply) => reply.status === status);
    assert.equal((await pictor.get(target(20 + turnedAway))).status, 200, 'a full queue is not remembered');
    assert.equal(origin.count(), 1);
  });
}

test('a slow origin fills the queue for fetches and nothing else', async (t) => {
  const origin = await liveOrigin(t);
  const slow = Promise.withResolvers<OriginReply>();
  origin.route('/a.png', { body: picture, headers: { 'cache-control': 'max-age=3600' } });
  for (let index = 0; index < 8; index++) origin.route(`/slow-${index}.png`, () => slow.promise);
  const env = {
    ...allowing(origin),
    PICTOR_ADMISSION_FETCH_CONCURRENCY: '2',
    PICTOR_ADMISSION_FETCH_QUEUE: '1',
  };
  const pictor = await livePictor(t, { args: ['serve'], env });
  assert.equal((await pictor.get(nativeTarget(`${origin.url}/a.png`))).status, 200);
  const answered: RawReply[] = [];
  const asked = Array.from({ length: 8 }, async (_, index) => {
    const reply = await pictor.get(nativeTarget(`${origin.url}/slow-${index}.png`));
    answered.push(reply);
    return reply;
  });
  await until('five are turned away', () => answered.length === 5);
  for (const reply of answered) assert.deepEqual([reply.status, reply.headers['retry-after']], [429, '2']);
  assert.deepEqual([await gate(pictor, 'active', 'fetch'), await gate(pictor, 'waiting', 'fetch')], [2, 1]);
  assert.equal(await gate(pictor, 'active', 'process'), 0, 'waiting for an origin holds no processor');
  assert.equal((await pictor.get(nativeTarget(`${origin.url}/a.png`))).status, 200, 'a hit');
  const another = await pictor.get(nativeTarget(`${origin.url}/a.png`, 'rs:fit:30:30'));
  assert.equal(await shapeOf(another), 'png 30x15', 'a new picture of an original at hand');
  slow.resolve({ body: picture });
  const statuses = (await Promise.all(asked)).map(({ status }) => status);
  assert.deepEqual(
    statuses.toSorted((one, other) => one - other),
    [200, 200, 200, 429, 429, 429, 429, 429],
  );
});

test('who waits for a slow host counts among those who wait for a fetch', async (t) => {
  const origin = await liveOrigin(t);
  for (const name of ['a', 'b', 'c']) origin.route(`/${name}.png`, { hang: 'head' });
  const env = { ...allowing(origin), PICTOR_SOURCES_HTTP_MAX_CONNECTIONS_PER_HOST: '1' };
  const pictor = await livePictor(t, { args: ['serve'], env });
  for (const name of ['a', 'b', 'c']) pictor.get(nativeTarget(`${origin.url}/${name}.png`)).catch(() => {});
  await until('two wait', async () => (await gate(pictor, 'waiting', 'fetch')) === 2);
  assert.equal(await gate(pictor, 'active', 'fetch'), 1);
});

test('work is dropped when all who waited for it have left', { skip }, async (t) => {
  const env = { PICTOR_ADMISSION_PROCESS_QUEUE: '50', PICTOR_ADMISSION_FETCH_CONCURRENCY: '4' };
  const { origin, pictor, target, goOn } = await stuckServer(t, {
    args: ['serve'],
    bind: 'PICTOR_SERVER_BIND',
    env,
  });
  const transforms = () => metric(pictor, 'pictor_transforms_total');
  const before = await transforms();
  const impatient = async (place: string) => {
    const client = await rawClient(pictor.port);
    client.say(`GET ${place} HTTP/1.1\r\nHost: x\r\n\r\n`);
    return client;
  };

  await t.test('in the queue for the workers', async () => {
    const holding = pictor.get(target(20));
    await until('one is in hand', async () => (await gate(pictor, 'active', 'process')) === 1);
    const leaving = await Promise.all(
      Array.from({ length: 10 }, (_, index) => impatient(target(30 + index))),
    );
    const [staying, companion] = [pictor.get(target(50)), await impatient(target(50))];
    await until('they wait', async () => (await gate(pictor, 'waiting', 'process')) === 11);
    for (const client of [...leaving, companion]) client.socket.destroy();
    await until('only one waits', async () => (await gate(pictor, 'waiting', 'process')) === 1);
    goOn();
    assert.equal(await shapeOf(await holding), 'png 20x20');
    assert.equal(await shapeOf(await staying), 'png 50x20', 'one who stayed is served');
    assert.equal(await transforms(), before + 2, 'what nobody waited for was not made');
  });

  await t.test('at the origin: its connections are closed', async () => {
    origin.route('/never.png', { hang: 'head' });
    origin.route('/half.png', { body: picture, truncateAt: 50, hang: 'mid-body' });
    const clients = await Promise.all([
      impatient(nativeTarget(`${origin.url}/never.png`)),
      impatient(nativeTarget(`${origin.url}/never.png`, 'w:5')),
      impatient(nativeTarget(`${origin.url}/half.png`)),
    ]);
    await until('both are asked for', () => origin.count('/never.png') + origin.count('/half.png') === 2);
    clients[0].socket.destroy();
    await until('the others are still waited for', async () => (await gate(pictor, 'active', 'fetch')) === 2);
    for (const client of clients) client.socket.destroy();
    await until('nothing is fetched', async () => (await gate(pictor, 'active', 'fetch')) === 0);
    await until('connections in use are closed', () => origin.connections() <= 1);
    origin.route('/never.png', { body: picture });
    const reply = await pictor.get(nativeTarget(`${origin.url}/never.png`));
    assert.equal(await shapeOf(reply), 'png 64x32', 'nothing of that is held against the source');
  });
});

test('SIGTERM finishes what is in flight, in the queue and in the worker, and exits with 0', {
  skip,
}, async (t) => {
  const { pictor, target, goOn } = await stuckServer(t, {
    args: ['serve'],
    bind: 'PICTOR_SERVER_BIND',
    env: {},
  });
  const workers = workersOf(pictor);
  const asked = [20, 21, 22, 23].map((width) => pictor.get(target(width)));
  await until('they wait', async () => (await gate(pictor, 'waiting', 'process')) === 3);
  const stopped = pictor.stop();
  await until('the server is stopping', () => pictor.output().includes('stopping'));
  await assert.rejects(pictor.get(target(10)), 'nobody new is let in');
  goOn();
  const shapes = await Promise.all(asked.map(async (reply) => shapeOf(await reply)));
  assert.deepEqual(shapes, ['png 20x20', 'png 21x20', 'png 22x20', 'png 23x20']);
  assert.equal(await stopped, 0);
  await until('the workers are gone', () => workersOf(pictor).length === 0);
  assert.equal(workers.length, 1);
});
