import { randomInt } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { removeEmptyDirectory } from '../../disk/files.ts';
import { createKeyedQueue, type KeyedQueue } from '../../lib/keyed-queue.ts';
import type { Forget } from './forget.ts';
import { bucketCount, type Leaf, walkLeaves } from './layout.ts';
import type { Retirement } from './retirement.ts';

/**
 * Chooses what goes when room is needed: the least recently used. Recency is the record's file time, so nothing is kept
 * in memory per blob. Names are hashes, hence any run of neighbouring folders is a fair sample: up to `sampleSize` records
 * are looked at from a random folder on. If that is all there is, the order is exact; else the oldest sixteenth goes.
 */
export interface Evictor {
  /** Removes one blob; bytes freed, 0 when there is nothing to remove. */
  evict(): Promise<number>;
}

export interface EvictorOptions {
  /** Folder of the blobs. */
  readonly blobs: string;
  readonly forget: Forget;
  readonly retirement: Retirement;
  /** Records being written: left alone. */
  readonly queue: KeyedQueue;
  /** How many records there are, by the books. */
  readonly entries: () => number;
  /** Counts what is really there: asked when the books name many more records than there are. */
  readonly recount: () => Promise<void>;
  readonly now: () => number;
}

interface Candidate {
  readonly bucket: number;
  readonly record: string;
  readonly mtimeMs: number;
}

const sampleSize = 1024;
const oldestShare = 1 / 16;
/** A stamp this far ahead comes from a clock that was wrong: it says nothing, so it does not protect. */
const toleratedLeadMs = 5 * 60_000;

export function createEvictor(options: EvictorOptions): Evictor {
  const oneAtATime = createKeyedQueue();
  /** Oldest last. What was used since the sample is noticed by its new stamp. */
  let pool: Candidate[] = [];

  async function evict(): Promise<number> {
    for (let samples = 0; samples < 3; samples += 1) {
      for (let next = pool.at(-1); next !== undefined; next = pool.at(-1)) {
        if (isAfterRetired(next)) return options.retirement.hurry();
        pool.pop();
        const freed = await remove(next);
        if (freed > 0) return freed;
      }
      // A folder that cannot be listed has nothing to give; the writer reports that there is no room.
      pool = await sample().catch(() => []);
      if (pool.length === 0) break;
    }
    return options.retirement.hurry();
  }

  /** A replaced or deleted body waits in the same row, by the time it was retired. */
  function isAfterRetired({ mtimeMs }: Candidate): boolean {
    const since = options.retirement.longestSince();
    return since !== null && since < mtimeMs;
  }

  async function remove(candidate: Candidate): Promise<number> {
    if (options.queue.waiting(candidate.record) > 0) return 0;
    const { bucket, record, mtimeMs } = candidate;
    try {
      return await options.forget({
        bucket,
        record,
        when: (facts) => facts.mtimeMs === mtimeMs,
        body: 'now',
      });
    } catch {
      // Not removable (permissions, a dying disk): another one may be.
      return 0;
    }
  }

  async function sample(): Promise<Candidate[]> {
    const found: Candidate[] = [];
    for await (const leaf of walkLeaves(options.blobs, randomInt(bucketCount))) {
      if (leaf.records.length + leaf.bodies.length === 0) await removeEmptyDirectory(leaf.directory);
      found.push(...(await candidatesOf(leaf)));
      if (found.length >= sampleSize) return byAge(found).slice(-Math.floor(found.length * oldestShare));
    }
    // Somebody else has removed files: a store believed full would hold next to nothing.
    if (options.entries() > 1.25 * found.length + 16) await options.recount();
    return byAge(found);
  }

  function byAge(candidates: Candidate[]): Candidate[] {
    const latest = options.now() + toleratedLeadMs;
    const use = ({ mtimeMs }: Candidate) => (mtimeMs > latest ? Number.NEGATIVE_INFINITY : mtimeMs);
    return candidates.toSorted((a, b) => use(b) - use(a));
  }

  return { evict: () => oneAtATime.run('evict', evict) };
}

async function candidatesOf(leaf: Leaf): Promise<Candidate[]> {
  const found = await Promise.all(
    leaf.records.map(async (name) => {
      const record = join(leaf.directory, name);
      const facts = await stat(record).catch(() => null);
      return facts === null ? [] : [{ bucket: leaf.bucket, record, mtimeMs: facts.mtimeMs }];
    }),
  );
  return found.flat();
}
