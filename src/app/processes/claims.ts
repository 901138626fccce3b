import type { WireFailure } from './wire-failure.ts';

/** Who does a piece of work that several want done: whoever asked first, then those who wait. */
export type Turn =
  /** It is to be done by whoever asked. */
  | { readonly mine: true }
  /** It was done by another, or failed for all. */
  | { readonly mine: false; readonly failure?: WireFailure };

/** How a turn ended. */
export interface TurnEnd {
  readonly name: string;
  /** True: nothing came of it that is of use to others. One of them is next. */
  readonly handOn: boolean;
  /** Why it failed, where it would fail for others too. */
  readonly failure?: WireFailure;
}

/** The work that is being done, by name, and by whom. */
export interface Claims<Owner> {
  claim(owner: Owner, name: string): Promise<Turn>;
  /** Lets go of a turn; of one that is not its own nothing happens. */
  release(owner: Owner, end: TurnEnd): void;
  /** An owner has died: its turns are handed on. */
  gone(owner: Owner): void;
  readonly size: () => number;
}

interface Waiter<Owner> {
  readonly owner: Owner;
  readonly take: (turn: Turn) => void;
}

interface Entry<Owner> {
  owner: Owner;
  waiters: Waiter<Owner>[];
}

export function createClaims<Owner>(): Claims<Owner> {
  const entries = new Map<string, Entry<Owner>>();

  function handOn(name: string, entry: Entry<Owner>): void {
    const next = entry.waiters.shift();
    if (next === undefined) {
      entries.delete(name);
      return;
    }
    entry.owner = next.owner;
    next.take({ mine: true });
  }

  return {
    size: () => entries.size,
    claim(owner, name) {
      const entry = entries.get(name);
      if (entry === undefined) {
        entries.set(name, { owner, waiters: [] });
        return Promise.resolve({ mine: true });
      }
      return new Promise((take) => entry.waiters.push({ owner, take }));
    },
    release(owner, { name, handOn: isForNext, failure }) {
      const entry = entries.get(name);
      if (entry?.owner !== owner) return;
      if (isForNext) return handOn(name, entry);
      entries.delete(name);
      const turn: Turn = failure === undefined ? { mine: false } : { mine: false, failure };
      for (const { take } of entry.waiters) take(turn);
    },
    gone(owner) {
      for (const [name, entry] of entries) {
        entry.waiters = entry.waiters.filter((waiter) => waiter.owner !== owner);
        if (entry.owner === owner) handOn(name, entry);
      }
    },
  };
}
