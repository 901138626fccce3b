import path from 'node:path';
import type { EmitEvent } from '../core/events.ts';
import { createCacheSweep, type SweptStore } from '../service/cache-sweep.ts';
import type { Mezzanines } from '../service/mezzanines.ts';
import { createPurging, type Purging } from '../service/purge.ts';
import {
  openPurgeMarks,
  type PurgeBook,
  type PurgeJournal,
  type PurgeMarks,
} from '../service/purge-marks.ts';
import { createLineFile } from '../stores/line-file.ts';
import type { CacheSettings } from '../stores/settings.ts';

/** Beside what was cached (of several caches, in the first that has a folder), in the folders of another server too: that one reads no such file. */
const fileName = '.pictor-purges';

/**
 * What was purged, also by an earlier run. Without a folder there is nothing on this machine that an earlier run has left.
 * @throws PictorError STORE_FAILED
 */
export function openPurges(caches: readonly Pick<CacheSettings, 'dir'>[]): Promise<PurgeBook> {
  const dir = caches.find((cache) => cache.dir !== '')?.dir ?? '';
  const journal = dir === '' ? forgetful : createLineFile(path.resolve(dir, fileName));
  return openPurgeMarks({ journal, now: Date.now });
}

const forgetful: PurgeJournal = { read: async () => [], append: async () => {}, replace: async () => {} };

export interface PurgingFor {
  readonly purges: PurgeMarks;
  /** Of every cache. */
  readonly stores: readonly SweptStore[];
  readonly mezzanines: Pick<Mezzanines, 'forget'>;
  readonly emit: EmitEvent;
  /** True: goes on with what an earlier run has left to be removed. */
  readonly resumes: boolean;
}

/** What takes copies away. */
export function createPurgingFor({ purges, stores, mezzanines, emit, resumes }: PurgingFor): Purging {
  const sweep = createCacheSweep({ stores, purges, emit });
  if (resumes && purges.unswept().length > 0) void sweep.run();
  return createPurging({ purges, mezzanines, sweep });
}
