import { isBucketName } from '../../request/bucket-name.ts';
import { s3PlaceOf } from '../../request/s3-place.ts';
import type { StoragePlace } from '../../request/storage.ts';
import type { VipSettings } from './settings.ts';

/** Where the objects of a mount are. Each request names its bucket. */
export function placeOf({ store, folder, s3 }: VipSettings): StoragePlace {
  if (store === 'folder') return { kind: 'folder', root: folder, single: false, anyKey: true };
  return { kind: 's3', s3: s3PlaceOf({ bucket: '', ...s3 }, '') };
}

/**
 * The bucket that a URL names; null where the settings do not let it, or no bucket can be called so. Outside of us-east-1 names
 * have no capitals.
 */
export function bucketFor(name: string, { store, s3, buckets }: VipSettings): string | null {
  const called = (each: string): string =>
    store === 's3' && s3.region !== 'us-east-1' ? each.toLowerCase() : each;
  const bucket = called(name);
  if (!isBucketName(bucket)) return null;
  return buckets.length === 0 || buckets.some((each) => called(each) === bucket) ? bucket : null;
}

/** An original and what was made of it, by the key of either; null for a key this server never writes. */
export function familyOf(key: string): { readonly original: string; readonly prefix: string } | null {
  const original = /^([^/]+)(?:(?:\/c)?\/s\/-?\d+)?$/s.exec(key)?.[1];
  return original === undefined ? null : { original, prefix: `${original}/` };
}
