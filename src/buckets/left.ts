import { PictorError } from '../core/errors.ts';

/** Whoever asked has left. @throws PictorError the reason of the signal, or CANCELLED */
export function throwIfLeft(signal: AbortSignal | undefined): void {
  if (signal?.aborted !== true) return;
  throw signal.reason instanceof PictorError
    ? signal.reason
    : new PictorError('CANCELLED', { cause: signal.reason });
}
