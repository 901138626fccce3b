import { opendir, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { EmitEvent } from '../core/events.ts';
import { removeFile } from '../disk/files.ts';
import { lastMinute } from './last-minute.ts';

export interface ShelfBoundOptions {
  readonly dir: string;
  /** Folder of files that are being written. */
  readonly drafts: string;
  /** 0: no bound. */
  readonly maxBytes: number;
  /** Files older than this go, milliseconds. */
  readonly keepMs: number;
  /** Whether a file of the folder is one of the shelf's. */
  readonly isOurs: (name: string) => boolean;
  /** Rest between two rounds, milliseconds. */
  readonly everyMs: number;
  readonly emit: EmitEvent;
  readonly now: () => number;
}

/** Removes what has become too old, and the oldest of what is too much. */
export interface ShelfBound {
  /** Bytes that came. */
  added(bytes: number): void;
  usage(): { readonly bytes: number; readonly entries: number };
  stop(): Promise<void>;
}

/** A round of removing makes so much room that the next one is some time away. */
const keptShare = 0.9;

/** Drafts older than this belong to a process that is gone, milliseconds. */
const abandonedMs = 3_600_000;

const minuteMs = 60_000;

/**
 * The folder is walked at the start, from time to time, and whenever it seems to be over its bound: the files are the
 * truth, and others may write here too. Nothing is held in memory per file but a count of bytes per minute.
 */
export function createShelfBound(options: ShelfBoundOptions): ShelfBound {
  const { dir, maxBytes, keepMs, isOurs, now, emit } = options;
  let bytes = 0;
  let entries = 0;
  let stopped = false;
  let running: Promise<void> | null = null;

  async function round(): Promise<void> {
    const byMinute = new Map<number, number>();
    let total = 0;
    let found = 0;
    let removed = 0;
    for await (const { path, size, modified } of walk(dir, isOurs)) {
      if (stopped) return;
      if (now() - modified > keepMs && (await removeFile(path))) {
        removed += 1;
        continue;
      }
      const minute = Math.floor(modified / minuteMs);
      total += size;
      found += 1;
      byMinute.set(minute, (byMinute.get(minute) ?? 0) + size);
    }
    bytes = total;
    entries = found;
    if (maxBytes > 0 && total > maxBytes) removed += await makeRoom(total - maxBytes * keptShare, byMinute);
    if (removed > 0) emit({ type: 'store', store: 'shelf', what: 'evicted', count: removed });
    await removeDrafts(options.drafts, now());
  }

  async function makeRoom(wanted: number, byMinute: ReadonlyMap<number, number>): Promise<number> {
    const last = lastMinute(wanted, byMinute);
    let count = 0;
    let freed = 0;
    for await (const { path, size, modified } of walk(dir, isOurs)) {
      if (stopped || freed >= wanted) break;
      if (Math.floor(modified / minuteMs) > last || !(await removeFile(path))) continue;
      freed += size;
      count += 1;
    }
    bytes -= freed;
    entries -= count;
    return count;
  }

  function begin(): void {
    if (stopped || running !== null) return;
    // What cannot be read or removed is met again, and told, by whoever needs it.
    running = round()
      .catch(() => {})
      .finally(() => {
        running = null;
      });
  }

  const timer = setInterval(begin, options.everyMs).unref();
  begin();
  return {
    added(more) {
      bytes += more;
      entries += 1;
      if (maxBytes > 0 && bytes > maxBytes) begin();
    },
    usage: () => ({ bytes, entries }),
    async stop() {
      stopped = true;
      clearInterval(timer);
      await running;
    },
  };
}

interface Found {
  readonly path: string;
  /** Bytes; at least 1. */
  readonly size: number;
  /** Epoch milliseconds. */
  readonly modified: number;
}

async function* walk(dir: string, isOurs: (name: string) => boolean): AsyncGenerator<Found> {
  for await (const entry of await opendir(dir)) {
    if (!entry.isFile() || !isOurs(entry.name)) continue;
    const path = join(dir, entry.name);
    const facts = await stat(path).catch(() => null);
    if (facts !== null) yield { path, size: Math.max(facts.size, 1), modified: facts.mtimeMs };
  }
}

async function removeDrafts(folder: string, now: number): Promise<void> {
  for (const name of await readdir(folder).catch(() => [])) {
    const path = join(folder, name);
    const facts = await stat(path).catch(() => null);
    if (facts !== null && now - facts.mtimeMs > abandonedMs) await removeFile(path);
  }
}
