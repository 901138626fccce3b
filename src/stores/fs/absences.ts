import { createLastUsed } from '../../lib/last-used.ts';

/**
 * Records that a read has just found missing: the write that follows need not look for an older one. Should another
 * process have written meanwhile, the books count that one twice until the next recount.
 */
export interface Absences {
  /** Said before a look; what it returns goes with what was seen. */
  looking(): number;
  /** The look found nothing. */
  missing(record: string, looked: number): void;
  /** The look found something. */
  present(record: string): void;
  /** True when nothing was there a moment ago. */
  take(record: string): boolean;
  /** A record was put in its place: looks that are under way may have come too early to see it. */
  changed(record: string): void;
}

/** Requests between their look and their write. */
const mostAbsences = 4096;

export function createAbsences(): Absences {
  const absences = createLastUsed<true>(mostAbsences);
  let changes = 0;
  return {
    looking: () => changes,
    missing(record, looked) {
      if (looked === changes) absences.set(record, true);
    },
    present: (record) => void absences.delete(record),
    take: (record) => absences.delete(record),
    changed(record) {
      changes += 1;
      absences.delete(record);
    },
  };
}
