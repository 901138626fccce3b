import type { EmitEvent } from '../../core/events.ts';
import { createCacheSweep } from '../../service/cache-sweep.ts';
import type { PurgeMarks } from '../../service/purge-marks.ts';
import type { OpenCache } from '../caches.ts';
import type { Observers } from '../observers.ts';
import type { StorageMounts } from '../storage-mounts.ts';
import type { Storages } from '../storages.ts';
import type { Attached } from './peers.ts';

export interface AttachedParts {
  readonly caches: readonly Pick<OpenCache, 'stores'>[];
  readonly purges: PurgeMarks;
  /** Null: no mount keeps pictures. */
  readonly kept: StorageMounts | null;
  readonly storages: Pick<Storages, 'disown'>;
  readonly observers: Observers;
  readonly emit: EmitEvent;
}

/** What the parts of this process do when another one has changed something. */
export function attachedParts(parts: AttachedParts): Attached {
  const { caches, purges, kept, storages, observers, emit } = parts;
  const memories = caches.flatMap(({ stores }) => stores.tiers.filter(({ peek }) => peek !== undefined));
  const sweep = createCacheSweep({
    stores: memories.map((tier) => ({ tier, through: tier })),
    // Whoever asks looks through the disk, and notes how far it came.
    purges: { ...purges, swept: async () => {} },
    emit,
  });
  const pages = {
    ours: observers.metrics,
    imageServer: observers.imageServerMetrics,
    imageproxy: observers.imageproxyMetrics,
  };
  return {
    metrics: async (page) => (await (await pages[page]?.load())?.values()) ?? [],
    sweepMemory: async () => void (await sweep.run()),
    forgetVariant(key) {
      // What cannot be removed from memory cannot be in it.
      for (const memory of memories) memory.delete(key).catch(() => {});
    },
    forgetObject(key) {
      for (const { objects } of kept?.works ?? []) objects.outdated(key);
    },
    disown: (object) => storages.disown(object),
    async settled(uris) {
      await Promise.all((kept?.works ?? []).map(({ maker }) => maker.settled(uris)));
    },
  };
}
