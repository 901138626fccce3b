/** How an attempt ended that delivered nothing. */
export type Setback = 'refused' | 'away';

export interface Attempted {
  /** Attempts so far, this one included. */
  readonly tries: number;
  /** How many of them were refused. */
  readonly refusals: number;
  /** Epoch milliseconds. */
  readonly added: number;
  readonly now: number;
}

/** Milliseconds before the second attempt, the third and so on. The first two are for hiccups, the rest for outages. */
const waits = [1000, 4000, 30_000, 60_000, 120_000, 300_000] as const;

/** From this many attempts on an entry waits for an endpoint that is away. */
export const patientTries = 3;

/**
 * When to try again, epoch milliseconds; null: never. Refusals count, and there may be few of them; an endpoint that is away
 * is waited for.
 */
export function nextAttempt(
  setback: Setback,
  { tries, refusals, added, now }: Attempted,
  { attempts, maxAgeSeconds }: { readonly attempts: number; readonly maxAgeSeconds: number },
): number | null {
  if (setback === 'refused' && refusals >= attempts) return null;
  const next = now + waits[Math.min(tries, waits.length) - 1]!;
  return next > added + maxAgeSeconds * 1000 ? null : next;
}
