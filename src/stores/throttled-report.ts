import { asPictorError } from '../core/errors.ts';
import type { EmitEvent } from '../core/events.ts';

type Failure = 'read-failed' | 'write-failed';

/** One line for many failures of the same kind, milliseconds. */
const quietMs = 10_000;

/**
 * Tells of failures of a store that others depend on, without a line per request while it is away: the first at once, then
 * at most one in ten seconds, with the number of those in between.
 */
export function createThrottledReport(
  emit: EmitEvent,
  store: string,
): (what: Failure, error: unknown) => void {
  const last = new Map<Failure, { at: number; untold: number }>();
  return (what, error) => {
    const now = performance.now();
    const known = last.get(what);
    if (known !== undefined && now - known.at < quietMs) {
      known.untold += 1;
      return;
    }
    last.set(what, { at: now, untold: 0 });
    const detail = asPictorError(error).detail ?? '';
    emit({ type: 'store', store, what, detail, count: 1 + (known?.untold ?? 0) });
  };
}
