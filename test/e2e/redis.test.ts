/** Servers that share their variants by a Redis, and what is left when it goes. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { eventually } from '../support/eventually.ts';
import {
  allowing,
  drawing,
  liveOrigin,
  livePictor,
  metric,
  nativeTarget,
  shapeOf,
} from '../support/live-pictor.ts';
import type { Origin } from '../support/origin.ts';
import type { PictorProcess } from '../support/pictor-process.ts';
import { type RedisServer, redisSkip, startRedis } from '../support/redis.ts';

const options = { skip: redisSkip };

interface Shared {
  readonly origin: Origin;
  readonly redis: RedisServer;
  readonly servers: readonly [PictorProcess, PictorProcess];
}

/** Two servers of which each keeps nothing in memory or on disk, so that Redis is all they have. */
async function startShared(t: TestContext): Promise<Shared> {
  const redis = await startRedis();
  t.after(() => redis.close());
  const origin = await liveOrigin(t);
  const body = await drawing({ width: 400, height: 300, colour: 'teal' });
  for (let index = 0; index < 40; index += 1)
    origin.route(`/${index}.png`, { body, headers: { 'cache-control': 'max-age=3600' } });
  const start = () =>
    livePictor(t, {
      args: ['serve'],
      env: {
        ...allowing(origin),
        PICTOR_CACHE_DIR: '',
        PICTOR_CACHE_MEMORY: '0',
        PICTOR_CACHE_REDIS_URL: redis.url,
        PICTOR_CACHE_REDIS_TIMEOUT_SECONDS: '1',
      },
    });
  return { origin, redis, servers: [await start(), await start()] };
}

const ask = async (server: PictorProcess, origin: Origin, index: number): Promise<Buffer> => {
  const reply = await server.get(nativeTarget(`${origin.url}/${index}.png`));
  assert.equal(await shapeOf(reply), 'png 64x48');
  return reply.body;
};

const transforms = async (servers: readonly PictorProcess[]): Promise<number> => {
  const counts = await Promise.all(servers.map((server) => metric(server, 'pictor_transforms_total')));
  return counts.reduce((sum, each) => sum + each, 0);
};

test('what one server has made, the other one does not make again', options, async (t) => {
  const { origin, servers } = await startShared(t);
  const [first, second] = servers;
  const wanted = Array.from({ length: 20 }, (_, index) => index);
  const made = await Promise.all(wanted.map((index) => ask(first, origin, index)));
  // The store is written after the answer.
  await eventually('Redis answers for the last of them', async () => {
    await Promise.all(wanted.map((index) => ask(first, origin, index)));
    return hitsOf(first) >= 20;
  });
  const before = await transforms(servers);
  const shared = await Promise.all(wanted.map((index) => ask(second, origin, index)));
  for (const [index, body] of shared.entries()) assert.ok(body.equals(made[index]!));
  assert.equal(await transforms(servers), before);
  assert.equal(await metric(second, 'pictor_fetches_total'), 0);
});

/** Requests that Redis answered, by the log. */
const hitsOf = (server: PictorProcess): number => server.output().split('"tier":"redis"').length - 1;

test('every request is answered while Redis dies, is gone, hangs, and comes back', options, async (t) => {
  const { origin, redis, servers } = await startShared(t);
  const [first] = servers;
  let asked = 0;
  const askSome = async (count: number) => {
    const indexes = Array.from({ length: count }, (_, index) => (asked + index) % 40);
    asked += count;
    await Promise.all(indexes.map((index) => ask(servers[index % 2]!, origin, index)));
  };
  await askSome(60);
  const dying = askSome(60);
  await redis.kill();
  await dying;
  await askSome(60);
  await redis.restart();
  await eventually('Redis answers again', async () => {
    const before = hitsOf(first);
    await askSome(10);
    return hitsOf(first) > before;
  });
  redis.freeze();
  await askSome(60);
  redis.thaw();
  assert.equal(await metric(first, 'pictor_errors_total'), 0, first.output());
  assert.doesNotMatch(first.output(), /INTERNAL/);
});

test('a server starts without its Redis, and its secrets are not shown', options, async (t) => {
  const origin = await liveOrigin(t);
  origin.route('/0.png', { body: await drawing({ width: 40, height: 30, colour: 'teal' }) });
  const pictor = await livePictor(t, {
    args: ['serve'],
    env: { ...allowing(origin), PICTOR_CACHE_REDIS_URL: 'redis://user:sesame@127.0.0.1:1/0' },
  });
  const reply = await pictor.get(nativeTarget(`${origin.url}/0.png`));
  assert.equal(reply.status, 200);
  await eventually('the log tells of it', () => pictor.output().includes('cannot be reached'));
  assert.doesNotMatch(pictor.output(), /sesame/);
});
