/** Work that nobody waits for: a few pieces at a time, a bounded number waiting. */
export interface WorkQueue {
  /** False: too much is waiting already, and this piece will not be done. */
  add(work: () => Promise<void>): boolean;
  /** Settles when nothing is left to do. */
  idle(): Promise<void>;
  readonly waiting: () => number;
}

export interface WorkQueueOptions {
  /** Pieces at the same time. */
  readonly workers: number;
  readonly waiting: number;
  /** Hears of pieces that failed; the rest goes on. */
  readonly onFailure: (error: unknown) => void;
}

export function createWorkQueue({ workers, waiting: most, onFailure }: WorkQueueOptions): WorkQueue {
  const waiting: (() => Promise<void>)[] = [];
  let active = 0;
  let ended = Promise.withResolvers<void>();

  function next(): void {
    const work = waiting.shift();
    if (work === undefined) {
      active -= 1;
      if (active > 0) return;
      ended.resolve();
      ended = Promise.withResolvers<void>();
      return;
    }
    void begin(work);
  }

  async function begin(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      onFailure(error);
    } finally {
      next();
    }
  }

  return {
    add(work) {
      if (active < workers) {
        active += 1;
        void begin(work);
        return true;
      }
      if (waiting.length >= most) return false;
      waiting.push(work);
      return true;
    },
    async idle() {
      while (active > 0) await ended.promise;
    },
    waiting: () => waiting.length,
  };
}
