import { topOf } from './layout.ts';
import { claimLedger, type FoundLedger, readLedgers, removeLedgers, writeLedger } from './ledger.ts';

/**
 * Bytes on disk as this process knows them: what is placed, what is set aside for writes that run, and what the ledgers
 * of other processes say. Errs upwards; a recount puts it right.
 */
export interface Budget {
  /** Bytes in use or set aside, by anyone. */
  total(): number;
  /** Bytes set aside for writes of this process that run. */
  held(): number;
  /** Records, roughly. */
  entries(): number;
  /** Sets bytes aside; a negative number gives them back. */
  hold(bytes: number): void;
  /** Notes files that came (or went: negative) in a bucket. */
  change(bucket: number, bytes: number, entries: number): void;
  /** Settles when the ledger on disk covers everything placed and held. @throws the system's error */
  cover(): Promise<void>;
  /** Starts a count of what is really there. The caller walks the 256 upper folders upwards and counts each. */
  recount(): Recount;
  /** True when the ledgers were missing or damaged: `total` is then taken to be the cap until a recount. */
  readonly unsure: boolean;
  close(): Promise<void>;
}

export interface Recount {
  /** Said before this upper folder (0 … 255) is read: the walk may miss what changes in it and before it from now on. */
  passing(top: number): void;
  /** Replaces what was believed by what was found. */
  finish(bytes: number, entries: number): Promise<void>;
  cancel(): void;
}

export interface BudgetOptions {
  /** Folder of the ledgers. */
  readonly directory: string;
  /** Name of this process's ledger. */
  readonly instance: string;
  readonly maxBytes: number;
  /** Whether anything is stored at all: asked only when no ledger is found. */
  readonly hasBlobs: () => Promise<boolean>;
  readonly now: () => number;
}

/** How often the ledgers of others are read: several processes may together be over the cap for this long. */
const heartbeatMs = 5_000;
/** A change is written down at least this often. */
const rewriteAfterMs = 30_000;
/** A process that lives writes its ledger this often even without a change: an idle server need not wake the disk. */
const signOfLifeMs = 4 * 60_000;
/** After this long without a sign of life another process may take a ledger over. */
const abandonedAfterMs = 10 * 60_000;
const smallestStep = 64 * 1024;
const largestStep = 64 * 1024 * 1024;

interface Sums {
  upper: number;
  net: number;
  entries: number;
}

export async function openBudget(options: BudgetOptions): Promise<Budget> {
  const { directory, instance, maxBytes, now } = options;
  /** The ledger runs this far ahead, so that it is rewritten once per step and not once per blob. */
  const step = Math.round(Math.min(largestStep, Math.max(smallestStep, maxBytes / 64)));
  let placed = 0;
  let held = 0;
  let records = 0;
  let upper = Number.NEGATIVE_INFINITY;
  let others: Sums = { upper: 0, net: 0, entries: 0 };
  let counting: { cursor: number; bytes: number; entries: number; othersNet: number } | null = null;
  let saving: Promise<void> | null = null;
  let gathering: Promise<{ seen: number; damaged: string[] }> | null = null;
  /** Ledgers claimed so far: makes the names they get differ. */
  let claims = 0;
  let written = { at: Number.NEGATIVE_INFINITY, placed: 0 };

  async function write(ahead: number, closed: boolean): Promise<void> {
    const next = placed + held + ahead;
    // While a lower value is on its way to disk, only that much is sure.
    upper = Math.min(upper, next);
    const net = placed;
    await writeLedger(directory, instance, { upper: next, net, entries: records, closed });
    upper = next;
    written = { at: performance.now(), placed: net };
  }

  function save(): Promise<void> {
    saving ??= write(step, false).finally(() => {
      saving = null;
    });
    return saving;
  }

  const uncovered = (): boolean => placed + held > upper;

  async function cover(): Promise<void> {
    while (uncovered()) await save();
  }

  /** Takes a ledger out of the hands of others; its new name, or null when its process may still live. */
  async function claim(ledger: FoundLedger): Promise<string | null> {
    if (!ledger.closed && ledger.idleMs <= abandonedAfterMs) return null;
    const name = `${instance}.${claims}`;
    claims += 1;
    return (await claimLedger(directory, ledger.name, name)) ? name : null;
  }

  async function adopt(sum: Sums, names: readonly string[]): Promise<void> {
    placed += sum.upper;
    records += sum.entries;
    try {
      // Ours is written first: between the two they count twice, never not at all.
      await cover();
      await removeLedgers(directory, names);
    } catch {
      placed -= sum.upper;
      records -= sum.entries;
      addTo(others, sum);
    }
  }

  /** Reads the other ledgers and takes over those whose process has gone. */
  async function readOthers(): Promise<{ seen: number; damaged: string[] }> {
    const { found, damaged } = await readLedgers({ directory, except: instance, now: now() });
    const foreign: Sums = { upper: 0, net: 0, entries: 0 };
    const adopted: Sums = { upper: 0, net: 0, entries: 0 };
    const names: string[] = [];
    for (const ledger of found) {
      const name = await claim(ledger);
      addTo(name === null ? foreign : adopted, ledger);
      if (name !== null) names.push(name);
    }
    others = foreign;
    if (names.length > 0) await adopt(adopted, names);
    return { seen: found.length, damaged };
  }

  /** One at a time: two would take over from each other. */
  function gather(): ReturnType<typeof readOthers> {
    gathering ??= readOthers().finally(() => {
      gathering = null;
    });
    return gathering;
  }

  const first = await gather();
  const unsure = first.damaged.length > 0 || (first.seen === 0 && (await options.hasBlobs()));
  if (unsure) placed = Math.max(placed, maxBytes - others.upper);
  // A folder that cannot be written to still serves what it has; the first put will say so.
  await save().then(
    () => removeLedgers(directory, first.damaged),
    () => {},
  );

  async function beat(): Promise<void> {
    await gather();
    const idle = performance.now() - written.at;
    if (idle > signOfLifeMs || (idle > rewriteAfterMs && placed !== written.placed)) await save();
  }

  // What goes wrong here is met again, and reported, by the next write.
  const heartbeat = setInterval(() => void beat().catch(() => {}), heartbeatMs);
  heartbeat.unref();

  return {
    total: () => placed + held + others.upper,
    held: () => held,
    entries: () => Math.max(0, records + others.entries),
    hold(bytes) {
      held += bytes;
    },
    change(bucket, bytes, entries) {
      placed += bytes;
      records += entries;
      const top = topOf(bucket);
      if (counting === null || top > counting.cursor) return;
      // In the folder being read it is not known whether the walk saw the change: err upwards.
      const unclear = top === counting.cursor;
      counting.bytes += unclear ? Math.max(0, bytes) : bytes;
      counting.entries += unclear ? Math.max(0, entries) : entries;
    },
    cover,
    recount() {
      const mine = { cursor: -1, bytes: 0, entries: 0, othersNet: others.net };
      counting = mine;
      return {
        passing(top) {
          mine.cursor = top;
        },
        async finish(bytes, entries) {
          // Until here every change was noted, from here on `placed` takes them: no await in between.
          await gather();
          if (counting === mine) counting = null;
          placed = bytes + mine.bytes - Math.min(mine.othersNet, others.net);
          records = entries + mine.entries - others.entries;
          await save();
        },
        cancel() {
          if (counting === mine) counting = null;
        },
      };
    },
    unsure,
    async close() {
      clearInterval(heartbeat);
      await saving?.catch(() => {});
      await write(0, true).catch(() => {});
    },
  };
}

function addTo(sums: Sums, ledger: Sums): void {
  sums.upper += ledger.upper;
  sums.net += ledger.net;
  sums.entries += ledger.entries;
}
