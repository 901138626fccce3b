import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { diskBytes, removeEmptyDirectory, removeFile } from '../../disk/files.ts';
import type { Budget } from './budget.ts';
import { openRecord, readRecordHead } from './forget.ts';
import { bodyPath, type Leaf, leavesOf, namesIn, topCount } from './layout.ts';

/**
 * The slow walk over everything: counts what is really there, removes what a crash left behind (drafts, bodies that no
 * record names) once it is old enough that nobody can be working on it, and removes empty folders.
 */
export interface SweepOptions {
  readonly blobs: string;
  readonly drafts: string;
  readonly budget: Budget;
  /** Starts the names of our own drafts: they are set aside already. */
  readonly instance: string;
  /** How long to rest after each folder, milliseconds: the walk must not be felt. */
  readonly restMs: () => number;
  readonly signal: AbortSignal;
  readonly now: () => number;
}

export interface Sweep {
  /** Leftovers removed. */
  readonly removed: number;
  /** Leftovers that are still too young. */
  readonly spared: number;
}

/** No transfer, and no reader that was given a path, lasts this long. */
export const safeAgeMs = 60 * 60_000;

interface Tally {
  bytes: number;
  entries: number;
  removed: number;
  spared: number;
}

/** @throws AbortError when stopped; the system's error when a folder cannot be read */
export async function sweep(options: SweepOptions): Promise<Sweep> {
  const tally: Tally = { bytes: 0, entries: 0, removed: 0, spared: 0 };
  const recount = options.budget.recount();
  try {
    await sweepDrafts(options, tally);
    for (let top = 0; top < topCount; top += 1) {
      recount.passing(top);
      for await (const leaf of leavesOf(options.blobs, top)) {
        await sweepLeaf(leaf, options, tally);
        await rest(options);
      }
    }
    await recount.finish(tally.bytes, tally.entries);
  } finally {
    recount.cancel();
  }
  return { removed: tally.removed, spared: tally.spared };
}

async function rest({ restMs, signal }: SweepOptions): Promise<void> {
  signal.throwIfAborted();
  const duration = restMs();
  if (duration > 0) await pause(duration, undefined, { signal, ref: false });
}

async function sweepDrafts(options: SweepOptions, tally: Tally): Promise<void> {
  for (const name of await namesIn(options.drafts)) {
    if (/^[0-9a-f]{16}-\d+(\.\w+)?$/.test(name) && !name.startsWith(options.instance)) {
      await sweepLeftover(join(options.drafts, name), options, tally);
    }
  }
}

async function sweepLeaf(leaf: Leaf, options: SweepOptions, tally: Tally): Promise<void> {
  if (leaf.records.length + leaf.bodies.length === 0) return removeEmptyDirectory(leaf.directory);
  for (const name of leaf.records) {
    const facts = await stat(join(leaf.directory, name)).catch(() => null);
    tally.bytes += diskBytes(facts?.size ?? 0);
    tally.entries += facts === null ? 0 : 1;
  }
  for (const body of leaf.bodies) {
    const path = join(leaf.directory, body.name);
    if ((await bodyNamedBy(join(leaf.directory, body.record))) === path) {
      const facts = await stat(path).catch(() => null);
      tally.bytes += diskBytes(facts?.size ?? 0);
    } else await sweepLeftover(path, options, tally);
  }
}

/** Path of the body that a record names; null when it names none or is gone. */
async function bodyNamedBy(record: string): Promise<string | null> {
  const handle = await openRecord(record);
  if (handle === null) return null;
  try {
    const head = await readRecordHead(handle);
    return head === null || head.bodyName === null ? null : bodyPath(record, head.bodyName);
  } finally {
    await handle.close();
  }
}

async function sweepLeftover(path: string, options: SweepOptions, tally: Tally): Promise<void> {
  const facts = await stat(path).catch(() => null);
  if (facts === null) return;
  const old = options.now() - facts.mtimeMs > safeAgeMs;
  if (old && (await removeFile(path))) {
    tally.removed += 1;
    return;
  }
  tally.bytes += diskBytes(facts.size);
  tally.spared += 1;
}
