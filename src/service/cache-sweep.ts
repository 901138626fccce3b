import { setTimeout as sleep } from 'node:timers/promises';
import { asPictorError } from '../core/errors.ts';
import type { EmitEvent } from '../core/events.ts';
import type { BlobMeta, BlobStore } from '../core/ports.ts';
import { keyStart, placeStart } from './key.ts';
import type { PurgeMark, PurgeMarks, SourceTime } from './purge-marks.ts';

/** Removes what was purged from the stores. That it does not count any more does not wait for this. */
export interface CacheSweep {
  /** Settles when all is looked through for what was purged before the call: true when no store was away. Never rejects. */
  run(): Promise<boolean>;
  /** Begins no more. */
  close(): Promise<void>;
}

/** One store to look through, and the one through which is deleted: that one knows what else holds the same. */
export interface SweptStore {
  readonly tier: BlobStore;
  readonly through: BlobStore;
  /** True: keys have other names before them (`imageproxy` layout), so that no list can begin with theirs. */
  readonly named?: true;
}

export interface CacheSweepParts {
  readonly stores: readonly SweptStore[];
  readonly purges: PurgeMarks;
  readonly emit: EmitEvent;
}

/** After one look comes a rest as long, and at least this: whoever purges all the time must not take the whole disk. */
const leastRestMs = 500;

export function createCacheSweep({ stores, purges, emit }: CacheSweepParts): CacheSweep {
  const closing = new AbortController();
  let current: Promise<boolean> | null = null;
  let next: Promise<boolean> | null = null;
  let restUntil = 0;

  async function sweepStore(
    { tier, through, named }: SweptStore,
    marks: readonly PurgeMark[],
  ): Promise<void> {
    if (tier.list === undefined) return;
    const starts = new Set(marks.map(startOf));
    const only = named !== true && starts.size === 1 ? [...starts][0]! : '';
    for await (const key of tier.list(only)) {
      if (closing.signal.aborted) return;
      if (!isWanted(key, starts)) continue;
      const blob = await tier.get(key);
      if (blob !== null && purges.isGone(sourcesIn(blob.meta))) await (through.erase ?? through.delete)(key);
    }
  }

  async function pass(): Promise<boolean> {
    await sleep(Math.max(0, restUntil - performance.now()), undefined, { signal: closing.signal }).catch(
      () => {},
    );
    if (closing.signal.aborted) return false;
    const marks = purges.unswept();
    const until = marks.at(-1)?.at;
    if (until === undefined) return true;
    const began = performance.now();
    const all = await Promise.all(stores.map((store) => swept(store, marks)));
    restUntil = performance.now() + Math.max(leastRestMs, performance.now() - began);
    const isWhole = !closing.signal.aborted && all.every(Boolean);
    if (isWhole) await purges.swept(until).catch(() => {});
    return isWhole;
  }

  async function swept(store: SweptStore, marks: readonly PurgeMark[]): Promise<boolean> {
    try {
      await sweepStore(store, marks);
      return true;
    } catch (thrown) {
      const { code, detail = '' } = asPictorError(thrown);
      const facts = { store: store.tier.name, code, detail };
      // It does not count any more; only its bytes are still there, until the next purge or start.
      emit({ type: 'notice', level: 'warn', message: 'purged copies could not be removed', facts });
      return false;
    }
  }

  function run(): Promise<boolean> {
    if (current === null) {
      current = pass().finally(() => {
        current = null;
      });
      return current;
    }
    next ??= current.then(() => {
      next = null;
      return run();
    });
    return next;
  }

  return {
    run,
    async close() {
      closing.abort();
      await next;
      await current;
    },
  };
}

const startOf = (mark: PurgeMark): string => ('uri' in mark ? keyStart(mark.uri) : placeStart(mark.prefix));

/** Digits of a place, and of a source in it. */
const placeDigits = 8;
const sourceDigits = 16;

/** Behind the name that another server has for it. */
function isWanted(key: string, starts: ReadonlySet<string>): boolean {
  const ours = key.slice(key.lastIndexOf('.') + 1);
  return starts.has(ours.slice(0, placeDigits)) || starts.has(ours.slice(0, sourceDigits));
}

/** What a copy was made of: variants name all their sources, originals and objects are their own. */
function sourcesIn(meta: BlobMeta): readonly SourceTime[] {
  const { sources, uri, asked } = meta as Partial<SourceTime> & { readonly sources?: readonly SourceTime[] };
  if (sources !== undefined) return sources;
  return uri === undefined || asked === undefined ? [] : [{ uri, asked }];
}
