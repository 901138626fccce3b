import type { PictorError } from '../core/errors.ts';

/** Work that one process of this machine does for all of them. */
export interface OnceRun<T> {
  /** Same text, same work: in every process. */
  readonly name: string;
  /** Its abort ends the wait for others, with `signal.reason`. */
  readonly signal: AbortSignal;
  /** Looks first whether it is done by now: it also runs after another process has done it. */
  readonly work: () => Promise<T>;
  /** Hears why another process failed at it; `work` runs all the same. */
  readonly failedElsewhere?: (error: PictorError) => void;
  /** Settles when others find what came of it; nobody here waits for this. */
  readonly findable?: () => Promise<void>;
  /** Key of the variant that is another one by then: what others hold of it in memory is dropped. */
  readonly changes?: string;
}

/**
 * Runs something now where no other process is at it, else when that one is done. It takes turns and promises nothing: a
 * process that dies hands its turn on, and one that takes too long is not waited for.
 */
export type RunOnce = <T>(run: OnceRun<T>) => Promise<T>;

/** For a process that is alone. */
export const runAlone: RunOnce = ({ work }) => work();
