import { PictorError } from '../core/errors.ts';
import type { OriginalsParts } from './held-original.ts';

/**
 * A place for one fetch: first at its host's gate, then at the one for all.
 * @returns gives it back
 * @throws PictorError BUSY
 */
export async function enterFetch(
  parts: Pick<OriginalsParts, 'hosts' | 'gate' | 'retryAfterSeconds'>,
  uri: string,
  signal: AbortSignal,
): Promise<() => void> {
  const { hosts, gate, retryAfterSeconds } = parts;
  const busy = (detail: string) => new PictorError('BUSY', { retryAfterSeconds, detail });
  const leaveHost = await hosts.enter(uri, signal);
  if (leaveHost === null) throw busy('fetch queue of the host is full');
  let leave: (() => void) | null = null;
  try {
    leave = await gate.enter(signal);
  } finally {
    if (leave === null) leaveHost();
  }
  if (leave === null) throw busy('fetch queue is full');
  const leaveGate = leave;
  return () => {
    leaveGate();
    leaveHost();
  };
}
