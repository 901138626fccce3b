import type { Budget } from './budget.ts';

/** The bytes one running write has set aside. */
export interface Claim {
  /** Raises what is set aside to `bytes` in all; evicts, or waits for other writes, until they fit. */
  reserve(bytes: number): Promise<void>;
  /** The write is done: `bytes` in `bucket` are in use now, nothing is set aside any more. */
  place(bucket: number, bytes: number, entries: number): void;
  /** Gives back what is still set aside. */
  end(): void;
}

export interface ClaimsOptions {
  readonly budget: Budget;
  readonly maxBytes: number;
  /** Removes the least useful blob; its bytes, or 0 when there is none. */
  readonly evict: () => Promise<number>;
  /** Counts what is really there: asked when the books say full but nothing is found to remove. */
  readonly recount: () => Promise<void>;
  readonly onEvicted: (count: number) => void;
}

/**
 * Sets bytes aside before they are written, so that the folder never holds more than the cap. When everything evictable
 * is gone, the oldest write goes ahead and the others wait for it: then it is the cap plus that one object.
 */
export function createClaims(options: ClaimsOptions): { begin(): Claim } {
  const { budget, maxBytes } = options;
  const running = new Set<Claim>();
  let released = Promise.withResolvers<void>();

  function announce(): void {
    released.resolve();
    released = Promise.withResolvers<void>();
  }

  async function makeRoom(claim: Claim): Promise<void> {
    let evicted = 0;
    let recounted = false;
    while (budget.total() > maxBytes) {
      if ((await options.evict()) > 0) evicted += 1;
      else if (!recounted && budget.total() > budget.held()) {
        recounted = true;
        await options.recount();
      } else if (running.values().next().value === claim) break;
      else await released.promise;
    }
    if (evicted > 0) options.onEvicted(evicted);
  }

  function begin(): Claim {
    let own = 0;
    const claim: Claim = {
      async reserve(bytes) {
        if (bytes <= own) return;
        budget.hold(bytes - own);
        own = bytes;
        if (budget.total() > maxBytes) await makeRoom(claim);
        await budget.cover();
      },
      place(bucket, bytes, entries) {
        budget.change(bucket, bytes, entries);
        giveBack();
      },
      end() {
        giveBack();
        running.delete(claim);
        announce();
      },
    };
    function giveBack(): void {
      budget.hold(-own);
      own = 0;
    }
    running.add(claim);
    return claim;
  }

  return { begin };
}
