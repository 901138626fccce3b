/**
 * One run for any number of concurrent callers with the same key. A caller that leaves only ends its own wait; when the
 * last one has left, the run itself is aborted.
 */
export interface SingleFlight<T> {
  /**
   * Joins the run under `key`, or starts it.
   * @param signal this caller's own; its abort rejects this call with `signal.reason`
   * @param start begins the run; its signal aborts when nobody waits any more
   */
  join(key: string, signal: AbortSignal, start: (signal: AbortSignal) => Promise<T>): Promise<T>;
  /** Runs under way. */
  readonly size: () => number;
}

interface Run<T> {
  readonly result: Promise<T>;
  readonly controller: AbortController;
  waiters: number;
}

export function createSingleFlight<T>(): SingleFlight<T> {
  const runs = new Map<string, Run<T>>();

  const begin = (key: string, start: (signal: AbortSignal) => Promise<T>): Run<T> => {
    const controller = new AbortController();
    const result = (async () => start(controller.signal))();
    const run: Run<T> = { result, controller, waiters: 0 };
    runs.set(key, run);
    const forget = () => {
      if (runs.get(key) === run) runs.delete(key);
    };
    result.then(forget, forget);
    return run;
  };

  return {
    size: () => runs.size,
    join(key, signal, start) {
      if (signal.aborted) return Promise.reject(signal.reason);
      const run = runs.get(key) ?? begin(key, start);
      run.waiters += 1;
      return new Promise<T>((resolve, reject) => {
        const leave = () => {
          run.waiters -= 1;
          if (run.waiters === 0) {
            // Forgotten before it is aborted: whoever comes next must start afresh, not inherit the abort.
            if (runs.get(key) === run) runs.delete(key);
            run.controller.abort(signal.reason);
          }
          reject(signal.reason);
        };
        signal.addEventListener('abort', leave, { once: true });
        const settled = () => signal.removeEventListener('abort', leave);
        run.result.then(
          (value) => {
            settled();
            resolve(value);
          },
          (error: unknown) => {
            settled();
            reject(error);
          },
        );
      });
    },
  };
}
