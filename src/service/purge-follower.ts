import { createMarkTable, type PurgeMark, type PurgeMarks } from './purge-marks.ts';

/** Whoever keeps the marks of several processes. */
export interface PurgeKeeper {
  /** All of them so far, as lines of a journal. What comes after that is told to `hear`. */
  lines(): Promise<readonly string[]>;
  /** Settles when every process counts it and it is durable. @throws PictorError STORE_FAILED */
  set: PurgeMarks['set'];
  /** Settles when the other processes hold none of it in memory either, and it is noted. */
  swept(at: number): Promise<void>;
}

/** Marks that are kept elsewhere, and known here. */
export interface FollowedMarks extends PurgeMarks {
  /** One that was set, in this process or in another: counts from the call on. */
  hear(mark: PurgeMark): void;
}

/** Nothing is known before `begin` has settled. */
export function createPurgeFollower(keeper: PurgeKeeper): FollowedMarks & { begin(): Promise<void> } {
  const table = createMarkTable();
  return {
    of: table.of,
    isGone: table.isGone,
    unswept: table.unswept,
    hear(mark) {
      if (!table.add(mark)) table.tidy();
    },
    // The keeper tells everybody, us included, before it answers.
    set: (scope) => keeper.set(scope),
    async swept(at) {
      if (table.swept(at)) await keeper.swept(at);
    },
    async begin() {
      for (const line of await keeper.lines()) table.take(line);
    },
  };
}
