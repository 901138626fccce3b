import { PictorError } from '../core/errors.ts';

/** One end for a whole transfer: the caller's signal or the total time, whichever comes first. */
export interface Deadline {
  readonly signal: AbortSignal;
  /** Why the transfer had to end; null while it may go on. */
  failure(): PictorError | null;
  /** Lets go of timer and listener; afterwards nothing is aborted any more. */
  end(): void;
}

/** @param seconds 0: no limit */
export function startDeadline(signal: AbortSignal, seconds: number): Deadline {
  const controller = new AbortController();
  let failure: PictorError | null = null;
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
  const timer = seconds === 0 ? undefined : setTimeout(onTime, seconds * 1000);
  timer?.unref();
  const end = () => {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
  };
  if (signal.aborted) onAbort();
  else signal.addEventListener('abort', onAbort, { once: true });
  return { signal: controller.signal, failure: () => failure, end };
}
