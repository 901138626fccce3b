/**
 * A bounded first-in-first-out gate: at most `width` holders at once, at most `queue` waiting, the rest is turned away
 * at once. A waiter whose signal aborts gives up its place.
 */
export interface Gate {
  /**
   * @returns a function that gives the place back (call it exactly once; further calls do nothing), or null when the
   * queue is full. Rejects with `signal.reason` when the signal aborts while waiting.
   * @param take asked when there is a place; false leaves it to those behind and waits on, in front of them. It is asked
   * again with every place that comes free, and at `ask`. Where nobody may wait any more, the place is given all the same.
   */
  enter(signal: AbortSignal, take?: () => boolean): Promise<(() => void) | null>;
  /** Asks those again who left a place to others. */
  ask(): void;
  /** Places in all. */
  readonly width: number;
  readonly state: () => { readonly active: number; readonly waiting: number };
}

interface Waiter {
  readonly admit: () => void;
  readonly take: () => boolean;
}

const always = () => true;

export function createGate(options: { readonly width: number; readonly queue: number }): Gate {
  const waiters = new Set<Waiter>();
  let active = 0;

  /** Gives a place to the first who takes it; false: nobody does. */
  function pass(): boolean {
    for (const waiter of waiters) {
      if (!waiter.take()) continue;
      waiters.delete(waiter);
      waiter.admit();
      return true;
    }
    return false;
  }

  const leave = () => {
    let left = false;
    return () => {
      if (left) return;
      left = true;
      // The place passes on without being counted down: nobody can slip in between.
      if (!pass()) active -= 1;
    };
  };

  return {
    width: options.width,
    state: () => ({ active, waiting: waiters.size }),
    ask() {
      while (active < options.width && pass()) active += 1;
    },
    enter(signal, take = always) {
      if (signal.aborted) return Promise.reject(signal.reason);
      const isFull = waiters.size >= options.queue;
      if (active < options.width && (take() || isFull)) {
        active += 1;
        return Promise.resolve(leave());
      }
      if (isFull) return Promise.resolve(null);
      return new Promise((resolve, reject) => {
        const giveUp = () => {
          waiters.delete(waiter);
          reject(signal.reason);
        };
        const waiter: Waiter = {
          take,
          admit: () => {
            signal.removeEventListener('abort', giveUp);
            resolve(leave());
          },
        };
        waiters.add(waiter);
        signal.addEventListener('abort', giveUp, { once: true });
      });
    },
  };
}
