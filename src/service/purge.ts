import { setTimeout as sleep } from 'node:timers/promises';
import type { CacheSweep } from './cache-sweep.ts';
import type { Mezzanines } from './mezzanines.ts';
import type { PurgeMarks, PurgeScope } from './purge-marks.ts';

/** What has become of the bytes of purged copies: gone from every store, or still being looked for. */
export type CopiesState = 'removed' | 'being-removed';

/**
 * Takes copies away from all who ask: kept originals, pictures made of them, and what is being made. From when this settles
 * on, nothing that the sources said before is answered to new requests.
 * @throws PictorError STORE_FAILED when it could not be noted for good
 */
export type Purge = (scopes: readonly PurgeScope[]) => Promise<void>;

export interface Purging {
  readonly purge: Purge;
  /** Waits for the bytes as well, this many seconds at most. Never rejects. */
  copies(seconds: number): Promise<CopiesState>;
  close(): Promise<void>;
}

export interface PurgingParts {
  readonly purges: PurgeMarks;
  readonly mezzanines: Pick<Mezzanines, 'forget'>;
  readonly sweep: CacheSweep;
}

export function createPurging({ purges, mezzanines, sweep }: PurgingParts): Purging {
  return {
    async purge(scopes) {
      await Promise.all(scopes.map((scope) => purges.set(scope)));
      // What cannot be removed does not count any more all the same.
      for (const scope of scopes) if ('uri' in scope) await mezzanines.forget(scope.uri).catch(() => {});
    },
    async copies(seconds) {
      const late = new AbortController();
      const timeout = sleep(seconds * 1000, false, { signal: late.signal }).catch(() => false);
      const isWhole = await Promise.race([sweep.run(), timeout]);
      late.abort();
      return isWhole ? 'removed' : 'being-removed';
    },
    close: () => sweep.close(),
  };
}
