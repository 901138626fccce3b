import path from 'node:path';
import { PictorError } from '../core/errors.ts';
import type { EmitEvent } from '../core/events.ts';
import type { BlobStore, FileStore } from '../core/ports.ts';
import type { SweptStore } from '../service/cache-sweep.ts';
import { createAgedStore } from '../stores/aged-store.ts';
import { createFsStore } from '../stores/fs.ts';
import { createMemoryStore } from '../stores/memory.ts';
import { createMirroredStore } from '../stores/mirrored-store.ts';
import { openedLate } from '../stores/opened-late.ts';
import { flatLayout, namedLayout } from '../stores/s3/layout.ts';
import type {
  AbsCacheSettings,
  CacheSettings,
  GcsCacheSettings,
  S3CacheSettings,
} from '../stores/settings.ts';
import { createTemporaryFsStore } from '../stores/temporary.ts';
import { createTieredStore } from '../stores/tiered.ts';
import { createWholeResponses } from '../stores/whole-responses.ts';

export interface Stores {
  readonly variants: BlobStore;
  readonly originals: BlobStore;
  /** Null: none are kept. */
  readonly mezzanines: FileStore | null;
  /** Every single store, for metrics. */
  readonly tiers: readonly BlobStore[];
  /** Those in which copies can be looked for by their sources. */
  readonly swept: readonly SweptStore[];
}

/**
 * Opens the caches. With a folder both are kept below it and survive a restart; without one, variants live in memory and
 * originals in a temporary folder, because workers read them as files. Caches that several servers share come below: for
 * variants only.
 * @param terms.sharers processes that write into the folder at the same time
 * @throws PictorError STORE_FAILED
 */
export async function openStores(
  settings: CacheSettings,
  emit: EmitEvent,
  { sharers }: { readonly sharers: number } = { sharers: 1 },
): Promise<Stores> {
  try {
    const stores = await openAll(settings, { emit, sharers });
    const mezzanines = mezzaninesOf(settings, emit);
    return { ...stores, mezzanines, tiers: [...stores.tiers, ...(mezzanines === null ? [] : [mezzanines])] };
  } catch (error) {
    const reason = error instanceof PictorError ? (error.detail ?? error.message) : String(error);
    const place = settings.dir === '' ? 'the temporary folder' : `cache.dir ${path.resolve(settings.dir)}`;
    throw new PictorError('STORE_FAILED', { detail: `${place} cannot be used: ${reason}`, cause: error });
  }
}

/** Caches that several servers share, below those of this machine. Their code is loaded only where they are used. */
async function openShared(settings: CacheSettings, emit: EmitEvent): Promise<BlobStore[]> {
  const { redis, s3, layout } = settings;
  const shared: BlobStore[] = [];
  if (redis.url !== '') {
    const { createRedisStore } = await import('../stores/redis-store.ts');
    shared.push(createRedisStore({ ...redis, emit }));
  }
  if (s3.bucket !== '') {
    const bucket = await openS3(s3, { layout, emit });
    shared.push(layout === 'imageproxy' ? createWholeResponses(bucket) : bucket);
  }
  const { gcs, abs } = settings;
  if (gcs.bucket !== '') {
    const { createGcsStore } = await import('../stores/gcs-store.ts');
    shared.push(createGcsStore({ ...gcs, ...objectParts(gcs, { layout, emit }) }));
  }
  if (abs.container !== '') {
    const { createAbsStore } = await import('../stores/abs-store.ts');
    shared.push(createAbsStore({ ...abs, ...objectParts(abs, { layout, emit }) }));
  }
  return shared;
}

const objectParts = (
  settings: GcsCacheSettings | AbsCacheSettings,
  { layout, emit }: Pick<CacheSettings, 'layout'> & { readonly emit: EmitEvent },
) => ({
  emit,
  pathOf: (layout === 'imageproxy' ? namedLayout : flatLayout)(settings.prefix).pathOf,
  readSeconds: settings.readTimeoutSeconds,
  writeSeconds: settings.writeTimeoutSeconds,
});

/** One try and one more: a cache that hesitates is slower than making the picture. */
const maxAttempts = 2;

async function openS3(
  settings: S3CacheSettings,
  { layout, emit }: Pick<CacheSettings, 'layout'> & { readonly emit: EmitEvent },
): Promise<BlobStore> {
  const [{ createS3Store }, { createS3Service }] = await Promise.all([
    import('../stores/s3-store.ts'),
    import('../cloud/s3-session.ts'),
  ]);
  return createS3Store({
    service: createS3Service({ ...settings, maxAttempts }),
    bucket: settings.bucket,
    layout: (layout === 'imageproxy' ? namedLayout : flatLayout)(settings.prefix),
    readSeconds: settings.readTimeoutSeconds,
    writeSeconds: settings.writeTimeoutSeconds,
    maxBlobBytes: settings.maxBlobBytes,
    emit,
  });
}

/** Opened with the first large original: most of a start, and many a server, knows none. */
function mezzaninesOf(
  { dir, layout, mezzanines: maxBytes }: CacheSettings,
  emit: EmitEvent,
): FileStore | null {
  if (maxBytes === 0) return null;
  const options = { maxBytes, emit, name: 'mezzanines', separateBodies: true };
  // A folder that is laid out for somebody else is no place for them.
  if (dir === '' || layout !== 'pictor')
    return openedLate('mezzanines', () => createTemporaryFsStore(options));
  return openedLate('mezzanines', () => createFsStore({ ...options, dir: path.resolve(dir, 'mezzanines') }));
}

type Kept = Omit<Stores, 'mezzanines'>;

interface Opening {
  readonly emit: EmitEvent;
  readonly sharers: number;
}

async function openAll(settings: CacheSettings, { emit, sharers }: Opening): Promise<Kept> {
  const memory = createMemoryStore({ maxBytes: settings.memory, maxAgeSeconds: settings.memorySeconds });
  const shared = await openShared(settings, emit);
  const ofOriginals = { maxBytes: settings.originals, emit, name: 'originals', separateBodies: true };
  if (settings.layout === 'imageproxy') return openAsImageproxy(settings, { memory, shared, emit, sharers });
  if (settings.dir === '') {
    const originals = aged(settings, await createTemporaryFsStore(ofOriginals));
    return kept([memory, ...shared], originals);
  }
  const [disk, originals] = await Promise.all([
    createFsStore({ dir: path.resolve(settings.dir, 'variants'), maxBytes: settings.variants, emit }),
    createFsStore({ ...ofOriginals, dir: path.resolve(settings.dir, 'originals') }),
  ]);
  return kept([memory, disk, ...shared], originals);
}

function kept(tiers: readonly [BlobStore, ...BlobStore[]], originals: BlobStore): Kept {
  const variants = createTieredStore(tiers);
  return {
    variants,
    originals,
    tiers: [...tiers, originals],
    swept: [...tiers.map((tier) => ({ tier, through: variants })), { tier: originals, through: originals }],
  };
}

/** Without a folder the age is that of all that is kept here: what memory has forgotten is not made anew from an old original. */
const aged = ({ memorySeconds: maxAgeSeconds }: CacheSettings, store: BlobStore): BlobStore =>
  maxAgeSeconds === 0 ? store : createAgedStore(store, { maxAgeSeconds });

interface AsImageproxy extends Opening {
  readonly memory: BlobStore;
  readonly shared: readonly BlobStore[];
}

/**
 * One cache for originals and variants alike, as imageproxy has it. Workers read originals as files, so those also lie in
 * a temporary folder while they are used.
 */
async function openAsImageproxy(
  settings: CacheSettings,
  { memory, shared, emit, sharers }: AsImageproxy,
): Promise<Kept> {
  const disk = settings.dir === '' ? [] : [await openHttpFiles(settings, { sharers, emit })];
  const [first, ...rest] = [...disk, ...shared].map(closingOnce);
  const near = await createTemporaryFsStore({
    maxBytes: settings.originals,
    emit,
    name: 'originals',
    separateBodies: true,
  });
  if (first === undefined) return kept([memory], aged(settings, near));
  const variants = createTieredStore([memory, first, ...rest]);
  const originals = createMirroredStore(near, createTieredStore([first, ...rest]));
  // Below those of this machine, both lie together and only their names tell what they are of.
  const swept = [
    { tier: memory, through: variants, named: true },
    { tier: near, through: originals, named: true },
  ] as const;
  return { variants, originals, tiers: [memory, first, ...rest, near], swept };
}

async function openHttpFiles({ dir, folder: maxBytes }: CacheSettings, opening: Opening): Promise<BlobStore> {
  const { createHttpFilesStore } = await import('../stores/http-files-store.ts');
  return createHttpFilesStore({ dir: path.resolve(dir), maxBytes, ...opening });
}

/** For a store that two others stand on. */
function closingOnce(store: BlobStore): BlobStore {
  let closing: Promise<void> | null = null;
  return {
    ...store,
    close() {
      closing ??= store.close();
      return closing;
    },
  };
}
