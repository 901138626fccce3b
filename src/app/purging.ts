import path from 'node:path';
import type { EmitEvent } from '../core/events.ts';
import { createCacheSweep } from '../service/cache-sweep.ts';
import type { Mezzanines } from '../service/mezzanines.ts';
import { createPurging, type Purging } from '../service/purge.ts';
import { openPurgeMarks, type PurgeJournal, type PurgeMarks } from '../service/purge-marks.ts';
import { createLineFile } from '../stores/line-file.ts';
import type { CacheSettings } from '../stores/settings.ts';
import type { Stores } from './stores.ts';

/** Beside what was cached, in the folders of another server too: that one reads no such file. */
const fileName = '.pictor-purges';

/**
 * What was purged, also by an earlier run. Without a folder there is nothing on this machine that an earlier run has left.
 * @throws PictorError STORE_FAILED
 */
export function openPurges({ dir }: CacheSettings): Promise<PurgeMarks> {
  const journal = dir === '' ? forgetful : createLineFile(path.resolve(dir, fileName));
  return openPurgeMarks({ journal, now: Date.now });
}

const forgetful: PurgeJournal = { read: async () => [], append: async () => {}, replace: async () => {} };

export interface PurgingFor {
  readonly cache: CacheSettings;
  readonly purges: PurgeMarks;
  readonly stores: Stores;
  readonly mezzanines: Mezzanines;
  readonly emit: EmitEvent;
}

/** What takes copies away, and goes on with what an earlier run has left to be removed. */
export function createPurgingFor({ cache, purges, stores, mezzanines, emit }: PurgingFor): Purging {
  const named = cache.layout === 'imageproxy';
  const sweep = createCacheSweep({ stores: stores.swept, named, purges, emit });
  if (purges.unswept().length > 0) void sweep.run();
  return createPurging({ purges, mezzanines, sweep });
}
