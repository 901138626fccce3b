import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { EmitEvent } from '../../core/events.ts';
import { removeFile } from '../../disk/files.ts';
import { lastMinute } from '../last-minute.ts';

export interface FolderBoundOptions {
  readonly dir: string;
  /** Folder of files that are being written. */
  readonly drafts: string;
  /** 0: no bound, and nothing is counted. */
  readonly maxBytes: number;
  readonly sharers: number;
  readonly emit: EmitEvent;
  /** Name of the store, for events. */
  readonly name: string;
}

/** Keeps a folder of entries below its bound: what was used longest ago goes. */
export interface FolderBound {
  /** Bytes that came, or went. */
  changed(bytes: number): void;
  usage(): { readonly bytes: number; readonly entries: number };
  stop(): Promise<void>;
}

/** A round of removing makes so much room that the next one is some time away. */
const keptShare = 0.9;
/** Drafts older than this belong to a process that is gone, milliseconds. */
const abandonedMs = 3_600_000;
const entryName = /^[0-9a-f]{32}$/;
const folderName = /^[0-9a-f]{2}$/;

/**
 * The folder is counted at the start, in the background, and again whenever it seems to be over its bound: the files are
 * the truth, and others may write here too. Nothing is held in memory per file but a count of bytes per minute of use.
 */
export function createFolderBound(options: FolderBoundOptions): FolderBound {
  const { dir, drafts, maxBytes, emit, name, sharers } = options;
  let bytes = 0;
  let entries = 0;
  let stopped = false;
  let running: Promise<void> | null = null;

  async function round(): Promise<void> {
    const byMinute = new Map<number, number>();
    let total = 0;
    let found = 0;
    for await (const { size, minute } of walk(dir)) {
      if (stopped) return;
      total += size;
      found += 1;
      byMinute.set(minute, (byMinute.get(minute) ?? 0) + size);
    }
    bytes = total;
    entries = found;
    if (total > maxBytes) await makeRoom(total - maxBytes * keptShare, byMinute);
  }

  async function makeRoom(wanted: number, byMinute: ReadonlyMap<number, number>): Promise<void> {
    const last = lastMinute(wanted, byMinute);
    let count = 0;
    let freed = 0;
    for await (const { path, size, minute } of walk(dir)) {
      if (stopped || freed >= wanted) break;
      if (minute > last || !(await removeFile(path))) continue;
      freed += size;
      count += 1;
    }
    bytes -= freed;
    entries -= count;
    if (count > 0) emit({ type: 'store', store: name, what: 'evicted', count });
  }

  function begin(): void {
    if (maxBytes === 0 || stopped || running !== null) return;
    // What cannot be read or removed is met again, and told, by whoever needs it.
    running = round()
      .catch(() => {})
      .finally(() => {
        running = null;
      });
  }

  void removeDrafts(drafts);
  begin();
  return {
    changed(difference) {
      // Others are taken to write as much: whoever writes most counts no less than all of them write.
      bytes += difference * (difference > 0 ? sharers : 1);
      if (bytes > maxBytes) begin();
    },
    usage: () => ({ bytes, entries }),
    async stop() {
      stopped = true;
      await running;
    },
  };
}

interface Found {
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  /** Of its last use, since 1970. */
  readonly minute: number;
}

async function* walk(dir: string): AsyncGenerator<Found> {
  for (const top of await namesIn(dir, folderName))
    for (const leaf of await namesIn(join(dir, top), folderName))
      for (const name of await namesIn(join(dir, top, leaf), entryName)) {
        const path = join(dir, top, leaf, name);
        const facts = await stat(path).catch(() => null);
        if (facts?.isFile() === true)
          yield { path, size: Math.max(facts.size, 1), minute: Math.floor(facts.mtimeMs / 60_000) };
      }
}

const namesIn = async (path: string, pattern: RegExp): Promise<string[]> =>
  (await readdir(path).catch(() => [])).filter((name) => pattern.test(name));

async function removeDrafts(folder: string): Promise<void> {
  for (const name of await readdir(folder).catch(() => [])) {
    const path = join(folder, name);
    const facts = await stat(path).catch(() => null);
    if (facts !== null && Date.now() - facts.mtimeMs > abandonedMs) await removeFile(path);
  }
}
