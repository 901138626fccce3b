import { PictorError } from '../core/errors.ts';
import type { Gate } from '../lib/gate.ts';

interface Waiting {
  readonly gate: Gate;
  /** 0: no limit. */
  readonly maxWaitSeconds: number;
  readonly retryAfterSeconds: number;
}

/**
 * A place at the gate, if it comes free in time: an answer that comes after its reader has lost patience is work for
 * nobody.
 * @param take as that of the gate
 * @returns a function that gives the place back
 * @throws PictorError BUSY when the queue is full or the wait too long; the signal's reason when that aborts
 */
export async function enterWithin(
  waiting: Waiting,
  signal: AbortSignal,
  take?: () => boolean,
): Promise<() => void> {
  const { gate, maxWaitSeconds, retryAfterSeconds } = waiting;
  const busy = (detail: string) => new PictorError('BUSY', { retryAfterSeconds, detail });
  const patience = new AbortController();
  const giveUp = () => patience.abort(busy(`no place within ${maxWaitSeconds} s`));
  const timer = maxWaitSeconds === 0 ? undefined : setTimeout(giveUp, maxWaitSeconds * 1000);
  try {
    const leave = await gate.enter(AbortSignal.any([signal, patience.signal]), take);
    if (leave === null) throw busy('process queue is full');
    return leave;
  } finally {
    clearTimeout(timer);
  }
}
