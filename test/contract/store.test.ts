import type { TestContext } from 'node:test';
import type { BlobStore } from '../../src/core/ports.ts';
import { createAgedStore } from '../../src/stores/aged-store.ts';
import { createFsStore } from '../../src/stores/fs.ts';
import { createHttpFilesStore } from '../../src/stores/http-files-store.ts';
import { createMemoryStore } from '../../src/stores/memory.ts';
import { createMirroredStore } from '../../src/stores/mirrored-store.ts';
import { createTemporaryFsStore } from '../../src/stores/temporary.ts';
import { createTieredStore } from '../../src/stores/tiered.ts';
import { createWholeResponses } from '../../src/stores/whole-responses.ts';
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
  name: 'temporary fs whose blobs age',
  open: async (context, maxBytes) => {
    const disk = await createTemporaryFsStore({ parent: await temporaryFolder(context), maxBytes, ...exact });
    return closing(context, createAgedStore(disk, { maxAgeSeconds: 3600 }));
  },
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

const unnamed = 'its bound is the subject of test/unit/stores/http-files-store.test.ts';

describeStore({
  name: 'http files',
  open: async (context) =>
    closing(context, createHttpFilesStore({ dir: await temporaryFolder(context), maxBytes: 0, emit })),
  cost: inRecord,
  unboundedBecause: unnamed,
});

describeStore({
  name: 'whole responses in memory',
  open: (context, maxBytes) =>
    closing(
      context,
      createWholeResponses(createMemoryStore({ maxBytes: 4 * maxBytes, maxEntryBytes: 4 * maxBytes })),
    ),
  cost: inRecord,
  unboundedBecause: 'the store behind it has the bound',
});

describeStore({
  name: 'files near, http files far',
  open: async (context, maxBytes) => {
    const parent = await temporaryFolder(context);
    const near = await createTemporaryFsStore({ parent, maxBytes, separateBodies: true, ...exact });
    const far = await createHttpFilesStore({ dir: await temporaryFolder(context), maxBytes: 0, emit });
    return closing(context, createMirroredStore(near, far));
  },
  cost: ownFile,
  unboundedBecause: 'the two stores have bounds of their own',
});
