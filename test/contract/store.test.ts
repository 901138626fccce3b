import type { TestContext } from 'node:test';
import type { BlobStore } from '../../src/core/ports.ts';
import { createFsStore } from '../../src/stores/fs.ts';
import { createMemoryStore } from '../../src/stores/memory.ts';
import { createTemporaryFsStore } from '../../src/stores/temporary.ts';
import { createTieredStore } from '../../src/stores/tiered.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { describeStore } from './store.ts';

const emit = () => {};
/** Every use is noted, so that the order of eviction can be checked without waiting. */
const exact = { emit, touchAfterSeconds: 0 };

async function closing(context: TestContext, opening: BlobStore | Promise<BlobStore>): Promise<BlobStore> {
  const store = await opening;
  context.after(() => store.close());
  return store;
}

const blocks = (bytes: number) => Math.ceil(bytes / 4096) * 4096;
const inRecord = (bodyBytes: number) => blocks(bodyBytes + 200);
const ownFile = (bodyBytes: number) => blocks(bodyBytes) + 4096;

describeStore({
  name: 'memory',
  open: (context, maxBytes) => closing(context, createMemoryStore({ maxBytes, maxEntryBytes: maxBytes })),
  cost: (bodyBytes) => bodyBytes + 560,
});

describeStore({
  name: 'fs',
  open: async (context, maxBytes) =>
    closing(context, createFsStore({ dir: await temporaryFolder(context), maxBytes, ...exact })),
  cost: inRecord,
});

describeStore({
  name: 'fs, bodies of their own',
  open: async (context, maxBytes) =>
    closing(
      context,
      createFsStore({ dir: await temporaryFolder(context), maxBytes, separateBodies: true, ...exact }),
    ),
  cost: ownFile,
});

describeStore({
  name: 'fs, durable',
  open: async (context, maxBytes) =>
    closing(
      context,
      createFsStore({ dir: await temporaryFolder(context), maxBytes, durable: true, ...exact }),
    ),
  cost: inRecord,
});

describeStore({
  name: 'temporary fs',
  open: async (context, maxBytes) =>
    closing(context, createTemporaryFsStore({ parent: await temporaryFolder(context), maxBytes, ...exact })),
  cost: inRecord,
});

describeStore({
  name: 'memory over fs',
  open: async (context, maxBytes) => {
    const memory = createMemoryStore({ maxBytes: 256 * 1024 });
    const disk = await createFsStore({ dir: await temporaryFolder(context), maxBytes, ...exact });
    return closing(context, createTieredStore([memory, disk], { touchAfterSeconds: 0 }));
  },
  cost: inRecord,
  unboundedBecause: 'two tiers have two bounds and orders; each is tested alone',
});

describeStore({
  name: 'memory over fs, bodies of their own',
  open: async (context, maxBytes) => {
    const memory = createMemoryStore({ maxBytes: 256 * 1024 });
    const disk = await createFsStore({
      dir: await temporaryFolder(context),
      maxBytes,
      separateBodies: true,
      ...exact,
    });
    return closing(context, createTieredStore([memory, disk]));
  },
  cost: ownFile,
  unboundedBecause: 'two tiers have two bounds and orders; each is tested alone',
});

describeStore({
  name: 'memory over memory over temporary fs',
  open: async (context, maxBytes) => {
    const disk = await createTemporaryFsStore({ parent: await temporaryFolder(context), maxBytes, ...exact });
    const tiers = [
      createMemoryStore({ maxBytes: 16 * 1024 }),
      createMemoryStore({ maxBytes: 1024 * 1024 }),
      disk,
    ] as const;
    return closing(context, createTieredStore(tiers));
  },
  cost: inRecord,
  unboundedBecause: 'three tiers have three bounds and orders; each is tested alone',
});
