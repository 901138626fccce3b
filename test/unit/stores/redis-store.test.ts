/** What the contract of stores does not ask: how the store behaves when its server is away, hangs, refuses or is full. */
import assert from 'node:assert/strict';
import { after, before, describe, it, type TestContext } from 'node:test';
import { Redis } from 'ioredis';
import { PictorError } from '../../../src/core/errors.ts';
import type { PictorEvent } from '../../../src/core/events.ts';
import type { BlobStore } from '../../../src/core/ports.ts';
import { createRedisStore, type RedisStoreOptions } from '../../../src/stores/redis-store.ts';
import { eventually } from '../../support/eventually.ts';
import { type RedisServer, redisSkip, startRedis } from '../../support/redis.ts';

const isStoreFailure = (error: unknown) => error instanceof PictorError && error.code === 'STORE_FAILED';

interface Opened {
  readonly store: BlobStore;
  readonly events: readonly PictorEvent[];
}

function open(context: TestContext, url: string, changes: Partial<RedisStoreOptions> = {}): Opened {
  const events: PictorEvent[] = [];
  const store = createRedisStore({
    url,
    prefix: 'p:',
    ttlSeconds: 600,
    maxBlobBytes: 100_000,
    timeoutSeconds: 30,
    emit: (event) => events.push(event),
    ...changes,
  });
  context.after(() => store.close());
  return { store, events };
}

const canWrite = (store: BlobStore) => (): Promise<boolean> =>
  store.put('probe', Buffer.from('x'), {}).then(
    () => true,
    () => false,
  );

const usable = (store: BlobStore) => eventually('the store can be written to', canWrite(store));

const notices = (events: readonly PictorEvent[]): string[] =>
  events.flatMap((event) => (event.type === 'notice' ? [event.message] : []));

describe('redis store', { skip: redisSkip }, () => {
  let server: RedisServer;
  let client: Redis;
  before(async () => {
    server = await startRedis();
    client = new Redis(server.url.replace('unix://', ''));
    client.on('error', () => {});
  });
  after(async () => {
    client.disconnect();
    await server.close();
  });

  it('lets a blob go after its time to live, and keeps it for as long', async (t) => {
    const { store } = open(t, server.url, { ttlSeconds: 1234.5 });
    await usable(store);
    await store.put('a', Buffer.from('x'), {});
    const left = await client.pttl('p:a');
    assert.ok(left > 1_000_000 && left <= 1_234_500, `${left} ms left`);
    await store.setMeta('a', { renewed: true });
    assert.ok((await client.pttl('p:a')) > 0, 'new meta do not make it stay for ever');
    const { store: lasting } = open(t, server.url, { ttlSeconds: 0 });
    await usable(lasting);
    await lasting.put('a', Buffer.from('x'), {});
    assert.equal(await client.pttl('p:a'), -1);
  });

  it('forgets what is larger than it keeps, with the old blob of that key, and lets the stream go', async (t) => {
    const { store } = open(t, server.url);
    await usable(store);
    await store.put('large', Buffer.alloc(10), {});
    await store.put('large', Buffer.alloc(100_001), {});
    assert.equal(await store.get('large'), null);
    let ended = false;
    const endless = async function* () {
      try {
        for (;;) yield Buffer.alloc(20_000);
      } finally {
        ended = true;
      }
    };
    await store.put('large', endless(), {});
    assert.ok(ended);
    assert.equal(await store.get('large'), null);
  });

  it('takes what is no blob of its own for missing, and can write over it', async (t) => {
    const { store } = open(t, server.url);
    await usable(store);
    await client.set('p:text', 'x');
    await client.hset('p:half', 'm', '{}');
    await client.hset('p:broken', 'm', 'no json', 'b', 'x');
    for (const key of ['text', 'half', 'broken']) {
      assert.equal(await store.get(key), null, key);
      await store.put(key, Buffer.from(key), { key });
      assert.deepEqual((await store.get(key))?.meta, { key });
    }
  });

  it('lists its own keys only, whatever its prefix means to Redis', async (t) => {
    const { store } = open(t, server.url, { prefix: 'odd[a-z]*?\\:' });
    const { store: other } = open(t, server.url, { prefix: 'oddb:' });
    await Promise.all([usable(store), usable(other)]);
    await store.put('mine-1', Buffer.from('x'), {});
    await other.put('mine-2', Buffer.from('x'), {});
    const listed: string[] = [];
    for await (const key of store.list?.('mine') ?? []) listed.push(key);
    assert.deepEqual(listed, ['mine-1']);
  });

  it('reports a full server, and goes on reading', async (t) => {
    const full = await startRedis(['--maxmemory', '3mb', '--maxmemory-policy', 'noeviction']);
    t.after(() => full.close());
    const { store, events } = open(t, full.url);
    await usable(store);
    await store.put('kept', Buffer.from('x'), { kept: true });
    const fill = async () => {
      for (let index = 0; index < 100; index += 1) await store.put(`fill-${index}`, Buffer.alloc(90_000), {});
    };
    await assert.rejects(fill(), isStoreFailure);
    assert.deepEqual((await store.get('kept'))?.meta, { kept: true });
    assert.ok(events.some((event) => event.type === 'store' && event.what === 'write-failed'));
    assert.deepEqual(notices(events), [], 'it was never away');
  });

  it('works with a password and a database, and never without', async (t) => {
    const guarded = await startRedis(['--requirepass', 'open sesame']);
    t.after(() => guarded.close());
    const { store } = open(t, `${guarded.url}?password=open%20sesame&db=5`);
    await usable(store);
    const { store: stranger, events } = open(t, `${guarded.url}?password=wrong`);
    await eventually('the refusal is told', () => notices(events).length > 0);
    assert.equal(await stranger.get('probe'), null);
    await assert.rejects(stranger.put('probe', Buffer.from('x'), {}), isStoreFailure);
    assert.doesNotMatch(JSON.stringify(events), /sesame|"wrong"/);
  });
});

describe('redis store without its server', { skip: redisSkip }, () => {
  it('misses while the server is gone, says so once, and comes back by itself', async (t) => {
    const server = await startRedis();
    t.after(() => server.close());
    const { store, events } = open(t, server.url);
    await usable(store);
    await store.put('a', Buffer.from('x'), {});

    await server.kill();
    await eventually('the loss is noticed', async () => (await store.get('a')) === null);
    for (let index = 0; index < 50; index += 1) {
      assert.equal(await store.get('a'), null);
      await assert.rejects(store.put('a', Buffer.from('y'), {}), isStoreFailure);
      await assert.rejects(store.delete('a'), isStoreFailure);
      await store.setMeta('a', {});
      await store.touch?.('a');
    }
    const told = events.filter(({ type }) => type === 'notice' || type === 'store');
    assert.ok(told.length <= 4, JSON.stringify(told));

    await server.restart();
    await usable(store);
    await store.put('a', Buffer.from('again'), {});
    assert.equal(String(await (await store.get('a'))?.bytes()), 'again');
    assert.equal(notices(events).length, 2, JSON.stringify(notices(events)));
  });

  it('starts without a server, and uses it when it comes', async (t) => {
    const server = await startRedis();
    t.after(() => server.close());
    await server.kill();
    const { store } = open(t, server.url);
    assert.equal(await store.get('a'), null);
    await server.restart();
    await usable(store);
  });

  it('leaves out a server that hangs after the first answer that did not come', async (t) => {
    const server = await startRedis();
    t.after(() => server.close());
    const { store, events } = open(t, server.url, { timeoutSeconds: 1 });
    await usable(store);
    await store.put('a', Buffer.from('x'), {});

    server.freeze();
    const waiting = await Promise.all(Array.from({ length: 20 }, () => store.get('a')));
    assert.deepEqual(
      waiting,
      Array.from({ length: 20 }, () => null),
    );
    // From here on nobody waits for anything: it is known without a turn of the event loop.
    for (let index = 0; index < 100; index += 1) {
      const turn = new Promise((resolve) => setImmediate(() => resolve('waited')));
      assert.equal(await Promise.race([store.get('a'), turn]), null);
    }
    assert.equal(notices(events).length, 1);

    server.thaw();
    await usable(store);
    assert.equal(String(await (await store.get('a'))?.bytes()), 'x');
  });

  it('brings back nothing that was deleted or replaced while the server could not be reached', async (t) => {
    const server = await startRedis();
    t.after(() => server.close());
    const { store } = open(t, server.url, { timeoutSeconds: 1 });
    await usable(store);
    for (const key of ['deleted', 'replaced', 'kept']) await store.put(key, Buffer.from('old'), {});

    server.freeze();
    await assert.rejects(store.delete('deleted'), isStoreFailure);
    await assert.rejects(store.put('replaced', Buffer.from('new'), {}), isStoreFailure);
    server.thaw();
    await usable(store);
    assert.equal(await store.get('deleted'), null);
    // The server may have got round to the put after all: the old one is what must not come back.
    const replaced = await store.get('replaced');
    assert.notEqual(replaced === null ? null : String(await replaced.bytes()), 'old');
    assert.equal(String(await (await store.get('kept'))?.bytes()), 'old');
  });
});
