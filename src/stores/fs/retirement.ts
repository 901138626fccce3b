import { diskBytes, removeFile, stampFile } from '../../disk/files.ts';

/**
 * A body's path may have been handed to a worker process that opens it a little later. So a body that is replaced or
 * deleted stays on disk for a grace time, still counted, and is removed then. What is left at the end of the process is
 * an orphan and removed by a later sweep.
 */
export interface Retirement {
  retire(body: RetiredBody): Promise<void>;
  /** When the body that has waited longest was retired, epoch milliseconds; null when none waits. */
  longestSince(): number | null;
  /** Removes the body that has waited longest; its bytes, or 0 when none waits. Only when room is needed now. */
  hurry(): Promise<number>;
  stop(): void;
}

export interface RetiredBody {
  readonly path: string;
  readonly bucket: number;
  readonly size: number;
}

export interface RetirementOptions {
  readonly graceMs: number;
  readonly stamp: () => number;
  /** Told when the file is gone. */
  readonly onRemoved: (bucket: number, bytes: number) => void;
}

/** More than this many waiting bodies would be a leak: the oldest goes early. */
const mostWaiting = 10_000;

export function createRetirement(options: RetirementOptions): Retirement {
  const waiting: (RetiredBody & { readonly due: number; readonly sinceMs: number })[] = [];
  let timer: NodeJS.Timeout | null = null;
  let stopped = false;

  async function removeFirst(): Promise<number> {
    const body = waiting.shift();
    if (body === undefined) return 0;
    const bytes = diskBytes(body.size);
    if (await removeFile(body.path)) options.onRemoved(body.bucket, -bytes);
    return bytes;
  }

  function schedule(): void {
    const first = waiting[0];
    if (timer !== null || first === undefined || stopped) return;
    timer = setTimeout(() => void removeDue(), Math.max(0, first.due - performance.now()));
    timer.unref();
  }

  const isDue = (): boolean => !stopped && waiting[0] !== undefined && waiting[0].due <= performance.now();

  async function removeDue(): Promise<void> {
    while (isDue()) await removeFirst();
    timer = null;
    schedule();
  }

  return {
    async retire(body) {
      // The sweep of any process goes by this time: an orphan is young from the moment it became one.
      const since = options.stamp();
      await stampFile(body.path, since);
      waiting.push({ ...body, sinceMs: since * 1000, due: performance.now() + options.graceMs });
      if (waiting.length > mostWaiting) await removeFirst();
      schedule();
    },
    longestSince: () => waiting[0]?.sinceMs ?? null,
    hurry: removeFirst,
    stop() {
      stopped = true;
      if (timer !== null) clearTimeout(timer);
    },
  };
}
