import type { EmitEvent } from '../../core/events.ts';
import { describeFailure } from '../../disk/files.ts';
import { type Sweep, type SweepOptions, safeAgeMs, sweep } from './sweep.ts';

/** Runs sweeps in the background, never two at once. */
export interface Sweeper {
  /** Counts now, without rests. Settles when the books are right, or when it could not be done. */
  recount(): Promise<void>;
  stop(): Promise<void>;
}

export interface SweeperOptions extends Omit<SweepOptions, 'signal' | 'restMs'> {
  readonly store: string;
  readonly emit: EmitEvent;
  readonly firstDelayMs: number;
}

const dayMs = 24 * 60 * 60_000;
/** About a twentieth of one core. */
const restMs = 12;

export function createSweeper(options: SweeperOptions): Sweeper {
  const { store, emit } = options;
  const controller = new AbortController();
  const { signal } = controller;
  let running: Promise<Sweep | null> | null = null;
  let timer: NodeJS.Timeout | null = null;
  /** Somebody waits for the result: no rests, also when a slow walk is under way already. */
  let hurried = false;

  async function run(): Promise<Sweep | null> {
    try {
      const result = await sweep({ ...options, restMs: () => (hurried ? 0 : restMs), signal });
      if (result.removed > 0) {
        emit({
          type: 'store',
          store,
          what: 'repaired',
          detail: 'leftovers of a crash removed',
          count: result.removed,
        });
      }
      return result;
    } catch (error) {
      if (!signal.aborted)
        emit({ type: 'store', store, what: 'read-failed', detail: describeFailure(error) });
      return null;
    }
  }

  function start(): Promise<Sweep | null> {
    running ??= run().finally(() => {
      running = null;
      hurried = false;
    });
    return running;
  }

  async function tick(): Promise<void> {
    const result = await start();
    // Leftovers that were too young are looked at again when they are not.
    schedule(result !== null && result.spared > 0 ? safeAgeMs + 60_000 : dayMs);
  }

  function schedule(delayMs: number): void {
    if (signal.aborted) return;
    timer = setTimeout(() => void tick(), delayMs);
    timer.unref();
  }

  schedule(options.firstDelayMs);

  return {
    async recount() {
      if (signal.aborted) return;
      hurried = true;
      await start();
    },
    async stop() {
      if (timer !== null) clearTimeout(timer);
      controller.abort();
      await running;
    },
  };
}
