import type { EmitEvent } from '../core/events.ts';

export interface OutageOptions {
  /** Name of the store, for events. */
  readonly name: string;
  /** Bucket or container, for events. */
  readonly place: string;
  readonly emit: EmitEvent;
  /** One cheap request with a time limit of its own, asked while the service is away: whether it answered. Never rejects. */
  readonly probe: () => Promise<boolean>;
}

/**
 * Keeps slow and dead services from slowing pictor down: after failures in a row nothing is sent any more but a probe in
 * the background, until that is answered. Trouble is told once when it begins and once when it is over.
 */
export interface Outage {
  /** False while the service is to be left alone, and once this is closed. */
  isUp(): boolean;
  /** A request was answered, whatever the answer says. */
  answered(): void;
  /** A request was not. */
  failed(detail: string): void;
  /** Resolves when no probe is under way any more. */
  close(): Promise<void>;
}

/** Failures in a row after which a service is left alone: one alone is an accident. */
const patience = 2;
/** Milliseconds between probes: doubled from the first to the last. */
const firstPause = 500;
const longestPause = 15_000;

export function createOutage({ name, place, emit, probe }: OutageOptions): Outage {
  let failures = 0;
  let downSince: number | null = null;
  let pause = firstPause;
  let timer: NodeJS.Timeout | undefined;
  let probing: Promise<void> | null = null;
  let closed = false;

  function goDown(detail: string): void {
    if (downSince !== null || closed) return;
    downSince = performance.now();
    const facts = { store: name, bucket: place, detail };
    emit({ type: 'notice', level: 'warn', message: 'a cache cannot be reached; going on without it', facts });
    scheduleProbe();
  }

  function scheduleProbe(): void {
    if (closed) return;
    const again = () => {
      probing = tryAgain().finally(() => {
        probing = null;
      });
    };
    timer = setTimeout(again, pause).unref();
    pause = Math.min(pause * 2, longestPause);
  }

  async function tryAgain(): Promise<void> {
    if (await probe()) comeUp();
    else scheduleProbe();
  }

  function comeUp(): void {
    if (downSince === null || closed) return;
    const seconds = Math.round((performance.now() - downSince) / 1000);
    downSince = null;
    failures = 0;
    pause = firstPause;
    const facts = { store: name, bucket: place, seconds };
    emit({ type: 'notice', level: 'info', message: 'a cache is back', facts });
  }

  return {
    isUp: () => downSince === null && !closed,
    answered() {
      failures = 0;
    },
    failed(detail) {
      failures += 1;
      if (failures >= patience) goDown(detail);
    },
    async close() {
      closed = true;
      clearTimeout(timer);
      await probing;
    },
  };
}

/** Rejects when the signal says so, for races with what cannot be called off. */
export const aborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
