import path from 'node:path';
import { PictorError } from '../core/errors.ts';
import type { EmitEvent } from '../core/events.ts';
import type { BlobStore } from '../core/ports.ts';
import { createFsStore } from '../stores/fs.ts';
import { createMemoryStore } from '../stores/memory.ts';
import type { CacheSettings, S3CacheSettings } from '../stores/settings.ts';
import { createTemporaryFsStore } from '../stores/temporary.ts';
import { createTieredStore } from '../stores/tiered.ts';

export interface Stores {
  readonly variants: BlobStore;
  readonly originals: BlobStore;
  /** Every single store, for metrics. */
  readonly tiers: readonly BlobStore[];
}

/**
 * Opens the caches. With a folder both are kept below it and survive a restart; without one, variants live in memory and
 * originals in a temporary folder, because workers read them as files. Caches that several servers share come below: for
 * variants only.
 * @throws PictorError STORE_FAILED
 */
export async function openStores(settings: CacheSettings, emit: EmitEvent): Promise<Stores> {
  try {
    return await openAll(settings, emit);
  } catch (error) {
    const reason = error instanceof PictorError ? (error.detail ?? error.message) : String(error);
    const place = settings.dir === '' ? 'the temporary folder' : `cache.dir ${path.resolve(settings.dir)}`;
    throw new PictorError('STORE_FAILED', { detail: `${place} cannot be used: ${reason}`, cause: error });
  }
}

/** Caches that several servers share, below those of this machine. Their code is loaded only where they are used. */
async function openShared({ redis, s3 }: CacheSettings, emit: EmitEvent): Promise<BlobStore[]> {
  const shared: BlobStore[] = [];
  if (redis.url !== '') {
    const { createRedisStore } = await import('../stores/redis-store.ts');
    shared.push(createRedisStore({ ...redis, emit }));
  }
  if (s3.bucket !== '') shared.push(await openS3(s3, emit));
  return shared;
}

/** One try and one more: a cache that hesitates is slower than making the picture. */
const maxAttempts = 2;

async function openS3(settings: S3CacheSettings, emit: EmitEvent): Promise<BlobStore> {
  const [{ createS3Store }, { flatLayout }, { createS3Service }] = await Promise.all([
    import('../stores/s3-store.ts'),
    import('../stores/s3/layout.ts'),
    import('../cloud/s3-session.ts'),
  ]);
  return createS3Store({
    service: createS3Service({ ...settings, maxAttempts }),
    bucket: settings.bucket,
    layout: flatLayout(settings.prefix),
    readSeconds: settings.readTimeoutSeconds,
    writeSeconds: settings.writeTimeoutSeconds,
    maxBlobBytes: settings.maxBlobBytes,
    emit,
  });
}

async function openAll(settings: CacheSettings, emit: EmitEvent): Promise<Stores> {
  const memory = createMemoryStore({ maxBytes: settings.memory });
  const shared = await openShared(settings, emit);
  const ofOriginals = { maxBytes: settings.originals, emit, name: 'originals', separateBodies: true };
  if (settings.dir === '') {
    const originals = await createTemporaryFsStore(ofOriginals);
    return {
      variants: createTieredStore([memory, ...shared]),
      originals,
      tiers: [memory, ...shared, originals],
    };
  }
  const [disk, originals] = await Promise.all([
    createFsStore({ dir: path.resolve(settings.dir, 'variants'), maxBytes: settings.variants, emit }),
    createFsStore({ ...ofOriginals, dir: path.resolve(settings.dir, 'originals') }),
  ]);
  return {
    variants: createTieredStore([memory, disk, ...shared]),
    originals,
    tiers: [memory, disk, ...shared, originals],
  };
}
