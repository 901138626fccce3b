import { createHash } from 'node:crypto';
import { createFolderBuckets } from '../buckets/folder-bucket.ts';
import { createS3Buckets } from '../buckets/s3-bucket.ts';
import type { Buckets } from '../core/bucket.ts';
import { PictorError } from '../core/errors.ts';
import type { EmitEvent } from '../core/events.ts';
import type { Source } from '../core/ports.ts';
import type { S3Place, StoragePlace } from '../request/storage.ts';
import { createOriginalSource, type OriginalStorage } from '../sources/original-source.ts';
import { dialectOf } from './dialects.ts';
import type { MountSettings } from './mounts.ts';

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
  /** After everything that uses them. What is owed to a bucket elsewhere stays on disk. */
  close(): Promise<void>;
}

interface Opened extends MountStorage, OriginalStorage {}

/** An original that never changes: as long as HTTP knows. */
const unchanging = 365 * 86_400;

/**
 * Opens what the dialects of the mounts keep objects in. Nothing is connected to yet: that comes with the first object, but
 * for what an earlier run still owes to a bucket.
 * @throws PictorError STORAGE_REFUSED for two places that cannot both be
 */
export async function openStorages(
  mounts: readonly Pick<MountSettings, 'dialect' | 'settings'>[],
  emit: EmitEvent,
): Promise<Storages> {
  const opened = new Map<string, Opened>();
  const ofMounts: (Opened | null)[] = [];
  for (const { dialect, settings } of mounts) {
    const { storage: grammar } = dialectOf(dialect);
    if (grammar === undefined) {
      ofMounts.push(null);
      continue;
    }
    const place = grammar.place(settings);
    const freshForSeconds = grammar.freshForSeconds?.(settings) ?? unchanging;
    const name = JSON.stringify([place, freshForSeconds]);
    const storage = opened.get(name) ?? (await open(place, { freshForSeconds, emit }));
    opened.set(name, storage);
    ofMounts.push(storage);
  }
  const storages = [...opened.values()];
  return {
    ofMounts,
    source: storages.length === 0 ? null : createOriginalSource(byName(storages)),
    async close() {
      await Promise.all(storages.map(({ buckets }) => buckets.close()));
    },
  };
}

/** Of storages of the same data, the one that looks at it most often. */
function byName(storages: readonly Opened[]): ReadonlyMap<string, OriginalStorage> {
  const byFreshness = storages.toSorted((a, b) => b.freshForSeconds - a.freshForSeconds);
  return new Map(byFreshness.map((each) => [each.storage, each]));
}

interface OpenTerms {
  readonly freshForSeconds: number;
  readonly emit: EmitEvent;
}

async function open(place: StoragePlace, { freshForSeconds }: OpenTerms): Promise<Opened> {
  return {
    storage: nameOf(place),
    buckets: await openBuckets(place),
    isLocal: place.kind === 'folder' || (place.kind === 'mirrored' && place.remote === null),
    freshForSeconds,
  };
}

async function openBuckets(place: StoragePlace): Promise<Buckets> {
  if (place.kind === 'folder') return createFolderBuckets({ anyKey: false, ...place });
  if (place.kind === 's3') return createS3Buckets(place.s3);
  throw new PictorError('STORAGE_REFUSED', { detail: `${place.kind} is not supported yet` });
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
