import { PictorError } from '../core/errors.ts';
import type { EngineStats } from '../plan/engine-port.ts';
import type { Pool } from './pool.ts';

/** A pool whose worker is seldom needed: started with a piece of work, ended when there has been none for a while. */
export type SparePool = Pick<Pool, 'run' | 'stats' | 'close'>;

export interface SparePoolParts {
  open(): Pool;
  /** How long it is kept for more. */
  readonly restMilliseconds: number;
}

export const noStats: EngineStats = {
  workers: 0,
  busy: 0,
  started: 0,
  crashed: 0,
  timedOut: 0,
  recycled: 0,
  rssBytes: 0,
};

export function createSparePool({ open, restMilliseconds }: SparePoolParts): SparePool {
  const ends = new Set<Promise<void>>();
  let pool: Pool | null = null;
  let past = noStats;
  let working = 0;
  let rest: NodeJS.Timeout | undefined;
  let closed = false;

  function end(): void {
    clearTimeout(rest);
    if (pool === null) return;
    past = together(past, { ...pool.stats(), workers: 0, busy: 0, rssBytes: 0 });
    const ended = pool.close();
    pool = null;
    ends.add(ended);
    void ended.finally(() => ends.delete(ended));
  }

  return {
    async run(work, signal) {
      if (closed) throw new PictorError('SHUTTING_DOWN');
      clearTimeout(rest);
      pool ??= open();
      working += 1;
      try {
        return await pool.run(work, signal);
      } finally {
        working -= 1;
        if (working === 0) rest = setTimeout(end, restMilliseconds).unref();
      }
    },
    stats: () => (pool === null ? past : together(past, pool.stats())),
    async close() {
      closed = true;
      end();
      await Promise.all(ends);
    },
  };
}

/** The sum of two. */
export const together = (one: EngineStats, other: EngineStats): EngineStats => ({
  workers: one.workers + other.workers,
  busy: one.busy + other.busy,
  started: one.started + other.started,
  crashed: one.crashed + other.crashed,
  timedOut: one.timedOut + other.timedOut,
  recycled: one.recycled + other.recycled,
  rssBytes: one.rssBytes + other.rssBytes,
});
