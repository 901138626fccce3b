/**
 * A bounded first-in-first-out gate: at most `width` holders at once, at most `queue` waiting, the rest is turned away
 * at once. A waiter whose signal aborts gives up its place.
 */
export interface Gate {
  /**
   * @returns a function that gives the place back (call it exactly once; further calls do nothing), or null when the
   * queue is full. Rejects with `signal.reason` when the signal aborts while waiting.
   */
  enter(signal: AbortSignal): Promise<(() => void) | null>;
  /** Places in all. */
  readonly width: number;
  readonly state: () => { readonly active: number; readonly waiting: number };
}

interface Waiter {
  readonly admit: () => void;
}

export function createGate(options: { readonly width: number; readonly queue: number }): Gate {
  const waiters = new Set<Waiter>();
  let active = 0;

  const leave = () => {
    let left = false;
    return () => {
      if (left) return;
      left = true;
      const next = waiters.values().next();
      if (next.done) {
        active -= 1;
        return;
      }
      // The place passes on without being counted down: nobody can slip in between.
      waiters.delete(next.value);
      next.value.admit();
    };
  };

  return {
    width: options.width,
    state: () => ({ active, waiting: waiters.size }),
    enter(signal) {
      if (signal.aborted) return Promise.reject(signal.reason);
      if (active < options.width) {
        active += 1;
        return Promise.resolve(leave());
      }
      if (waiters.size >= options.queue) return Promise.resolve(null);
      return new Promise((resolve, reject) => {
        const giveUp = () => {
          waiters.delete(waiter);
          reject(signal.reason);
        };
        const waiter: Waiter = {
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
