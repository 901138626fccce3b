import type * as z from 'zod';
import type { CacheSettings } from '../stores/settings.ts';
import { isWithin, realFolder } from './real-folder.ts';

interface Cached {
  readonly cache: CacheSettings;
  readonly mounts: readonly { readonly cache?: CacheSettings | undefined }[];
}

/** A place that a cache has for itself. */
interface Place {
  /** What it is told by: `mounts[1].cache`. */
  readonly owner: string;
  /** Of the setting. */
  readonly at: readonly (string | number)[];
  /** The same for all that would mix. */
  readonly name: string;
}

/** What one cache holds would be found, forgotten and pushed out by another: each has folders, buckets and prefixes alone. */
export function checkMountCaches({ cache, mounts }: Cached, context: z.RefinementCtx): void {
  const own = mounts.flatMap(({ cache: settings }, index) =>
    settings === undefined
      ? []
      : [{ settings, owner: `mounts[${index}].cache`, at: ['mounts', index, 'cache'] }],
  );
  if (own.length === 0) return;
  const isShared = own.length < mounts.length;
  const all = [...(isShared ? [{ settings: cache, owner: 'cache', at: ['cache'] }] : []), ...own];
  const folders: Place[] = [];
  const remote: Place[] = [];
  for (const each of all) {
    const { settings, owner } = each;
    const placed = (keys: readonly string[], name: string): Place => ({
      owner,
      at: [...each.at, ...keys],
      name,
    });
    if (settings.dir !== '') {
      const place = placed(['dir'], realFolder(settings.dir));
      const twin = folders.find(({ name }) => isWithin(place.name, name) || isWithin(name, place.name));
      if (twin !== undefined)
        refuse(context, place, `this folder is that of ${twin.owner}, or one lies in the other`);
      folders.push(place);
    }
    for (const [keys, name] of remotePlaces(settings)) {
      const place = placed(keys, name);
      const twin = remote.find((other) => other.name === name);
      if (twin !== undefined) refuse(context, place, `${twin.owner} has the same place and prefix`);
      remote.push(place);
    }
  }
}

function refuse(context: z.RefinementCtx, { at }: Place, what: string): void {
  context.addIssue({ code: 'custom', path: [...at], message: `${what}: give each cache a place of its own` });
}

/** Caches that others may reach too, each with the setting that tells them apart. */
function remotePlaces({
  redis,
  s3,
  gcs,
  abs,
}: CacheSettings): (readonly [keys: readonly string[], name: string])[] {
  return [
    { isUsed: redis.url !== '', keys: ['redis', 'prefix'], name: ['redis', redis.url, redis.prefix] },
    { isUsed: s3.bucket !== '', keys: ['s3', 'prefix'], name: ['s3', s3.endpoint, s3.bucket, s3.prefix] },
    {
      isUsed: gcs.bucket !== '',
      keys: ['gcs', 'prefix'],
      name: ['gcs', gcs.endpoint, gcs.bucket, gcs.prefix],
    },
    {
      isUsed: abs.container !== '',
      keys: ['abs', 'prefix'],
      name: ['abs', abs.endpoint, abs.accountName, abs.container, abs.prefix],
    },
  ]
    .filter(({ isUsed }) => isUsed)
    .map(({ keys, name }) => [keys, JSON.stringify(name)]);
}
