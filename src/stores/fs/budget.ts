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

const heartbeatMs = 30_000;
/** A process that lives writes its ledger every half minute; after this long another may take it over. */
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
  let adoptions = 0;

  async function write(ahead: number, closed: boolean): Promise<void> {
    const next = placed + held + ahead;
    // While a lower value is on its way to disk, only that much is sure.
    upper = Math.min(upper, next);
    await writeLedger(directory, instance, { upper: next, net: placed, entries: records, closed });
    upper = next;
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

  async function adopt(ledgers: readonly FoundLedger[], claimed: readonly string[]): Promise<void> {
    const sum: Sums = { upper: 0, net: 0, entries: 0 };
    for (const ledger of ledgers) addTo(sum, ledger);
    placed += sum.upper;
    records += sum.entries;
    try {
      // Ours is written first: between the two they count twice, never not at all.
      await cover();
      await removeLedgers(directory, claimed);
    } catch {
      placed -= sum.upper;
      records -= sum.entries;
      addTo(others, sum);
    }
  }

  /** Reads the other ledgers and takes over those whose process has gone. */
  async function gather(): Promise<{ seen: number; damaged: string[] }> {
    const { found, damaged } = await readLedgers(directory, now());
    const foreign = found.filter(({ name }) => name !== instance);
    const adopted: FoundLedger[] = [];
    const claimed: string[] = [];
    const sums: Sums = { upper: 0, net: 0, entries: 0 };
    for (const ledger of foreign) {
      const abandoned = ledger.closed || ledger.idleMs > abandonedAfterMs;
      const name = `${instance}.${adoptions}`;
      if (abandoned && (await claimLedger(directory, ledger.name, name))) {
        adoptions += 1;
        adopted.push(ledger);
        claimed.push(name);
      } else addTo(sums, ledger);
    }
    others = sums;
    if (adopted.length > 0) await adopt(adopted, claimed);
    return { seen: foreign.length, damaged };
  }

  const first = await gather();
  const unsure = first.damaged.length > 0 || (first.seen === 0 && (await options.hasBlobs()));
  if (unsure) placed = Math.max(placed, maxBytes - others.upper);
  // A folder that cannot be written to still serves what it has; the first put will say so.
  await save().then(
    () => removeLedgers(directory, first.damaged),
    () => {},
  );

  const heartbeat = setInterval(() => {
    gather()
      .then(save)
      .catch(() => {});
  }, heartbeatMs);
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
