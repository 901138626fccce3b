import { PictorError } from '../core/errors.ts';

/** One end for a whole transfer: the caller's signal or the total time, whichever comes first. */
export interface Deadline {
  readonly signal: AbortSignal;
  /** Why the transfer had to end; null while it may go on. */
  failure(): PictorError | null;
  /** Stops the clock while the time is somebody else's: a reader that does not ask for more. */
  pause(): void;
  /** … and lets it go on. */
  resume(): void;
  /** Lets go of timer and listener; afterwards nothing is aborted any more. */
  end(): void;
}

/** @param seconds 0: no limit */
export function startDeadline(signal: AbortSignal, seconds: number): Deadline {
  const controller = new AbortController();
  let failure: PictorError | null = null;
  let timer: NodeJS.Timeout | undefined;
  let left = seconds * 1000;
  let since = 0;
  let ended = false;

  const pause = () => {
    if (timer === undefined) return;
    clearTimeout(timer);
    timer = undefined;
    left = Math.max(0, left - (performance.now() - since));
  };
  const resume = () => {
    if (seconds === 0 || ended || timer !== undefined) return;
    since = performance.now();
    timer = setTimeout(onTime, left);
    timer.unref();
  };
  const end = () => {
    ended = true;
    clearTimeout(timer);
    timer = undefined;
    signal.removeEventListener('abort', onAbort);
  };
  const abort = (reason: PictorError) => {
    end();
    failure = reason;
    controller.abort(reason);
  };
  const onAbort = () =>
    abort(
      signal.reason instanceof PictorError
        ? signal.reason
        : new PictorError('CANCELLED', { cause: signal.reason }),
    );
  const onTime = () =>
    abort(new PictorError('SOURCE_TIMEOUT', { detail: `not complete after ${seconds} s` }));

  if (signal.aborted) onAbort();
  else signal.addEventListener('abort', onAbort, { once: true });
  resume();
  return { signal: controller.signal, failure: () => failure, pause, resume, end };
}
