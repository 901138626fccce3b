import type { TestContext } from 'node:test';
import { after, describe } from 'node:test';
import type { BlobStore } from '../../src/core/ports.ts';
import { createFsStore } from '../../src/stores/fs.ts';
import { createMemoryStore } from '../../src/stores/memory.ts';
import { createRedisStore } from '../../src/stores/redis-store.ts';
import { createTieredStore } from '../../src/stores/tiered.ts';
import { eventually } from '../support/eventually.ts';
import { type RedisServer, redisSkip, startRedis } from '../support/redis.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { describeStore } from './store.ts';

const emit = () => {};

describe('redis', { skip: redisSkip }, () => {
  let server: Promise<RedisServer> | null = null;
  let opened = 0;
  after(async () => (await server)?.close());

  /** A store of its own in the one server: empty, because nobody else has its prefix. */
  async function openRedis(context: TestContext): Promise<BlobStore> {
    server ??= startRedis();
    opened += 1;
    const store = createRedisStore({
      url: (await server).url,
      prefix: `test-${opened}:`,
      ttlSeconds: 600,
      maxBlobBytes: 64 * 1024 * 1024,
      timeoutSeconds: 30,
      emit,
    });
    context.after(() => store.close());
    await eventually('the store can write', () =>
      store.put('warm-up', Buffer.from('x'), {}).then(
        () => true,
        () => false,
      ),
    );
    await store.delete('warm-up');
    return store;
  }

  async function closing(context: TestContext, store: BlobStore): Promise<BlobStore> {
    context.after(() => store.close());
    return store;
  }

  const cost = (bodyBytes: number) => bodyBytes;
  const unboundedBecause = 'Redis itself bounds what it keeps (maxmemory)';

  describeStore({ name: 'redis', open: openRedis, cost, unboundedBecause });

  describeStore({
    name: 'memory over redis',
    open: async (context) =>
      closing(
        context,
        createTieredStore([createMemoryStore({ maxBytes: 256 * 1024 }), await openRedis(context)]),
      ),
    cost,
    unboundedBecause,
  });

  describeStore({
    name: 'memory over fs over redis',
    open: async (context, maxBytes) => {
      const memory = createMemoryStore({ maxBytes: 256 * 1024 });
      const disk = await createFsStore({ dir: await temporaryFolder(context), maxBytes, emit });
      return closing(context, createTieredStore([memory, disk, await openRedis(context)]));
    },
    cost,
    unboundedBecause: 'three tiers have three bounds and orders; each is tested alone',
  });
});
