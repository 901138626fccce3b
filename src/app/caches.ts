import type { EmitEvent } from '../core/events.ts';
import type { CacheSettings } from '../stores/settings.ts';
import { type MountSettings, mountName } from './mounts.ts';
import { openStores, type Stores } from './stores.ts';

/** Where originals and variants of some mounts are kept. */
export interface OpenCache {
  readonly settings: CacheSettings;
  readonly stores: Stores;
  /** Name of the mount it belongs to alone; null: it is that of all which have none of their own. */
  readonly mount: string | null;
}

export interface Caches {
  /** That of the server first, unless every mount has its own. */
  readonly all: readonly OpenCache[];
  /** That of each mount, in their order: places in `all`. */
  readonly ofMounts: readonly number[];
}

interface CachesSettings {
  readonly cache: CacheSettings;
  readonly mounts: readonly MountSettings[];
}

/** The caches that there are, with the mounts they are for. */
export function cachesOf({ cache, mounts }: CachesSettings): {
  readonly all: readonly Omit<OpenCache, 'stores'>[];
  readonly ofMounts: readonly number[];
} {
  const own = mounts.flatMap((mount) =>
    mount.cache === undefined ? [] : [{ settings: mount.cache, mount: mountName(mount) }],
  );
  const shared = own.length === mounts.length ? [] : [{ settings: cache, mount: null }];
  let next = shared.length;
  const ofMounts = mounts.map((mount) => {
    if (mount.cache === undefined) return 0;
    next += 1;
    return next - 1;
  });
  return { all: [...shared, ...own], ofMounts };
}

/**
 * Opens the cache of the server and those of mounts that have their own. What lies in one is never found in another.
 * @param terms.sharers processes that use them at the same time
 * @throws PictorError STORE_FAILED
 */
export async function openCaches(
  config: CachesSettings,
  emit: EmitEvent,
  terms: { readonly sharers: number },
): Promise<Caches> {
  const { all, ofMounts } = cachesOf(config);
  const opened: OpenCache[] = [];
  try {
    for (const cache of all) opened.push({ ...cache, stores: await openStores(cache.settings, emit, terms) });
  } catch (thrown) {
    await Promise.allSettled(opened.map(({ stores }) => closeStores(stores)));
    throw thrown;
  }
  return { all: opened, ofMounts };
}

/** Originals after variants: where both lie in one folder it is closed once. */
async function closeStores({ variants, originals, mezzanines }: Stores): Promise<void> {
  await variants.close();
  await originals.close();
  await mezzanines?.close();
}
