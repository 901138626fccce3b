/** Keeps a crash loop from burning the processor. */
export interface RestartPause {
  /** True while no worker may be started. */
  readonly active: boolean;
  crashed(): void;
  /** A worker did its work: the loop, if it was one, is over. */
  worked(): void;
  stop(): void;
}

/** Crashes in a row that are answered by a restart at once; from then on pauses come before it, each twice as long. */
export const freeRestarts = 3;
const firstPauseMilliseconds = 100;
const longestPauseMilliseconds = 5000;

/** @param onEnd called when a pause is over */
export function createRestartPause(onEnd: () => void): RestartPause {
  let crashesInRow = 0;
  let timer: NodeJS.Timeout | undefined;
  const stop = () => {
    clearTimeout(timer);
    timer = undefined;
  };
  return {
    get active() {
      return timer !== undefined;
    },
    crashed() {
      crashesInRow += 1;
      const excess = crashesInRow - freeRestarts;
      if (excess <= 0) return;
      stop();
      const milliseconds = Math.min(firstPauseMilliseconds * 2 ** (excess - 1), longestPauseMilliseconds);
      timer = setTimeout(() => {
        stop();
        onEnd();
      }, milliseconds);
    },
    worked() {
      crashesInRow = 0;
    },
    stop,
  };
}
