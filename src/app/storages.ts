import { createHash } from 'node:crypto';
import type { OwedStats } from '../buckets/mirrored/uploads.ts';
import type { RemotePlace } from '../buckets/mirrored-bucket.ts';
import type { Bucket, Buckets } from '../core/bucket.ts';
import { PictorError } from '../core/errors.ts';
import type { EmitEvent } from '../core/events.ts';
import type { Source } from '../core/ports.ts';
import type { S3Place, StoragePlace } from '../request/storage.ts';
import { createOriginalSource, type OriginalStorage } from '../sources/original-source.ts';
import { dialectOf } from './dialects.ts';
import type { MountSettings } from './mounts.ts';
import { alone, type Peers } from './processes/peers.ts';
import type { DisownedObject } from './processes/questions.ts';
import { realFolder } from './real-folder.ts';

/** The storage of a mount, opened. */
export interface MountStorage {
  /** Names it in `original:` URIs: letters and digits, the same after a restart, another one for other data. */
  readonly storage: string;
  readonly buckets: Buckets;
  /** True: all objects are files of this machine. */
  readonly isLocal: boolean;
}

export interface Storages {
  /** In the order of the mounts; null where a dialect keeps nothing. Mounts with the same place share one. */
  readonly ofMounts: readonly (MountStorage | null)[];
  /** Reads the `original:` URIs of them all. Null: no mount keeps anything. */
  readonly source: Source | null;
  /** What is owed to buckets elsewhere, of all storages together; null: nothing is ever owed. For metrics. */
  owed(): OwedStats | null;
  /** Another process has put or removed an object: what of it is on its way here, to or from a bucket elsewhere, is not wanted. */
  disown(object: DisownedObject): Promise<void>;
  /** After everything that uses them. What is owed to a bucket elsewhere stays on disk. */
  close(): Promise<void>;
}

interface Opened extends MountStorage, OriginalStorage {
  readonly stats: () => OwedStats | null;
  readonly disown: (key: string, before: number) => Promise<void>;
}

/** An original that never changes: as long as HTTP knows. */
const unchanging = 365 * 86_400;

/**
 * Opens what the dialects of the mounts keep objects in. Nothing is connected to yet: that comes with the first object, but
 * for what an earlier run still owes to a bucket.
 * @param others processes that use the same places
 * @throws PictorError STORAGE_REFUSED for two places that cannot both be
 */
export async function openStorages(
  mounts: readonly Pick<MountSettings, 'dialect' | 'settings'>[],
  emit: EmitEvent,
  others: Pick<Peers, 'disown'> = alone,
): Promise<Storages> {
  const opened = new Map<string, Opened>();
  const ofMounts: (Opened | null)[] = [];
  const places: StoragePlace[] = [];
  for (const { dialect, settings } of mounts) {
    const { storage: grammar } = dialectOf(dialect);
    if (grammar === undefined) {
      ofMounts.push(null);
      continue;
    }
    const place = grammar.place(settings);
    const real = realPlace(place);
    checkRoot(real, places);
    places.push(real);
    const freshForSeconds = grammar.freshForSeconds?.(settings) ?? unchanging;
    const name = JSON.stringify(real);
    const shared = opened.get(name) ?? (await open(place, { emit, others }));
    const storage = { ...shared, freshForSeconds: Math.min(freshForSeconds, shared.freshForSeconds) };
    opened.set(name, storage);
    ofMounts.push(storage);
  }
  const storages = [...opened.values()];
  return {
    ofMounts,
    source: storages.length === 0 ? null : createOriginalSource(byName(storages)),
    owed: () => sumOf(storages.flatMap(({ stats }) => stats() ?? [])),
    async disown({ storage, key, before }) {
      const meant = storages.filter((each) => each.storage === storage);
      await Promise.all(meant.map((each) => each.disown(key, before)));
    },
    async close() {
      await Promise.all(storages.map(({ buckets }) => buckets.close()));
    },
  };
}

function sumOf(all: readonly OwedStats[]): OwedStats | null {
  return all.length === 0
    ? null
    : all.reduce((sum, each) => ({
        owed: sum.owed + each.owed,
        owedBytes: sum.owedBytes + each.owedBytes,
        oldest:
          sum.oldest === null || each.oldest === null
            ? (sum.oldest ?? each.oldest)
            : Math.min(sum.oldest, each.oldest),
        uploaded: sum.uploaded + each.uploaded,
        failedTries: sum.failedTries + each.failedTries,
      }));
}

/** Of storages of the same data, the one that looks at it most often. */
function byName(storages: readonly Opened[]): ReadonlyMap<string, OriginalStorage> {
  const byFreshness = storages.toSorted((a, b) => b.freshForSeconds - a.freshForSeconds);
  return new Map(byFreshness.map((each) => [each.storage, each]));
}

/** The same for all ways that lead to the same folder. What is kept is still named by the way that was configured. */
const realPlace = (place: StoragePlace): StoragePlace =>
  place.kind === 's3' ? place : { ...place, root: realFolder(place.root) };

/** Two outboxes in one folder would each send what the other one owes to its own bucket. */
function checkRoot(place: StoragePlace, others: readonly StoragePlace[]): void {
  if (place.kind === 's3') return;
  const twin = others.find(
    (each) =>
      each.kind !== 's3' &&
      (each.kind === 'mirrored' || place.kind === 'mirrored') &&
      each.root === place.root,
  );
  if (twin === undefined || JSON.stringify(twin) === JSON.stringify(place)) return;
  throw new PictorError('STORAGE_REFUSED', {
    detail: `two mounts keep different things in ${place.root}`,
  });
}

interface Opening {
  readonly emit: EmitEvent;
  readonly others: Pick<Peers, 'disown'>;
}

async function open(place: StoragePlace, opening: Opening): Promise<Opened> {
  return {
    storage: nameOf(place),
    isLocal: place.kind === 'folder' || (place.kind === 'mirrored' && place.remote === null),
    freshForSeconds: unchanging,
    stats: () => null,
    disown: async () => {},
    ...(await openPlace(place, opening)),
  };
}

/** Code of places that nobody has is not loaded. */
async function openPlace(
  place: StoragePlace,
  opening: Opening,
): Promise<Pick<Opened, 'buckets'> & Partial<Opened>> {
  if (place.kind === 's3') return { buckets: await openS3(place.s3) };
  if (place.kind === 'mirrored' && place.remote !== null) return openMirrored(place, place.remote, opening);
  const { createFolderBuckets } = await import('../buckets/folder-bucket.ts');
  const terms = place.kind === 'folder' ? place : { root: place.root, single: true };
  return { buckets: createFolderBuckets({ anyKey: false, ...terms }) };
}

async function openS3(place: S3Place): Promise<Buckets> {
  const { createS3Buckets } = await import('../buckets/s3-bucket.ts');
  return createS3Buckets(place);
}

type Mirrored = Extract<StoragePlace, { kind: 'mirrored' }>;

async function openMirrored(
  place: Mirrored,
  remote: NonNullable<Mirrored['remote']>,
  { emit, others }: Opening,
) {
  const { root, concurrency, maxAgeMinutes, waitSeconds = 0 } = place;
  const storage = nameOf(place);
  const { createMirroredBuckets } = await import('../buckets/mirrored-bucket.ts');
  const disownElsewhere = (key: string, before: number) => others.disown({ storage, key, before });
  const terms = { root, concurrency, maxAgeMinutes, waitSeconds, disownElsewhere, emit, now: Date.now };
  if ('url' in remote) {
    const { createHttpRemote } = await import('../buckets/mirrored/http-remote.ts');
    const reader = createHttpRemote(remote.url);
    return { buckets: createMirroredBuckets({ ...terms, remote: { reader, writer: null } }) };
  }
  const s3 = await openS3(remote.s3);
  const bucket = s3.bucket('');
  const reader = await readerOf(bucket, remote, emit);
  const mirrored = createMirroredBuckets({ ...terms, remote: { reader, writer: bucket } });
  const close = async () => {
    await mirrored.close();
    await s3.close();
  };
  return { buckets: { ...mirrored, close }, stats: mirrored.stats, disown: mirrored.disown };
}

async function readerOf(
  bucket: Bucket,
  { alsoBy }: Pick<Extract<Mirrored['remote'], { s3: S3Place }>, 'alsoBy'>,
  emit: EmitEvent,
): Promise<RemotePlace['reader']> {
  if (alsoBy === undefined) return bucket;
  const { createBucketThenUrl } = await import('../buckets/mirrored/bucket-then-url.ts');
  const { createHttpRemote } = await import('../buckets/mirrored/http-remote.ts');
  return createBucketThenUrl({ bucket, url: createHttpRemote(alsoBy.url), when: alsoBy.when, emit });
}

/**
 * Says which data it is: pictures made of it are found under this name. Whoever has other credentials may see other data, so
 * they are a part of it; how it is written and how long one waits for it are not.
 */
function nameOf(place: StoragePlace): string {
  return createHash('sha256')
    .update(JSON.stringify(identityOf(place)))
    .digest('hex')
    .slice(0, 24);
}

function identityOf(place: StoragePlace): unknown {
  if (place.kind === 'folder') return ['folder', place.root, place.single, place.anyKey ?? false];
  if (place.kind === 's3') return ['s3', ...identityOfS3(place.s3)];
  const { remote } = place;
  const elsewhere = remote === null ? [] : 'url' in remote ? [remote.url] : identityOfS3(remote.s3);
  return ['mirrored', place.root, ...elsewhere];
}

const identityOfS3 = ({ bucket, prefix, region, endpoint, accessKeyId, secretAccessKey }: S3Place) => [
  endpoint,
  region,
  bucket,
  prefix,
  accessKeyId,
  secretAccessKey,
];
