import { PictorError } from '../../core/errors.ts';
import type { EmitEvent } from '../../core/events.ts';

export interface ObjectLinkOptions {
  /** Name of the store, for events. */
  readonly name: string;
  /** Bucket or container, for events. */
  readonly place: string;
  readonly emit: EmitEvent;
  /** Asked while the service is away, until it answers; what is overdue may be done in it. */
  readonly probe: (signal: AbortSignal) => Promise<unknown>;
  /** Seconds a probe may take. */
  readonly probeSeconds: number;
}

/** Requests to a service that make nobody wait while it is away. */
export interface ObjectLink {
  /** False while the service is not asked, because it did not answer lately. */
  isUp(): boolean;
  /** @throws PictorError STORE_FAILED; `Refused` of the client means an answer, everything else none */
  run<T>(seconds: number, send: (signal: AbortSignal) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** An answer that says no: the service works. */
export class Refused extends Error {}

/** Failures in a row after which the service is left alone: one alone is an accident. */
const patience = 2;
/** Milliseconds between probes: doubled from the first to the last. */
const firstPause = 500;
const longestPause = 15_000;

/** Trouble is told once when it begins and once when it is over. */
export function createObjectLink(options: ObjectLinkOptions): ObjectLink {
  const { name, place, emit, probe, probeSeconds } = options;
  let failures = 0;
  let downSince: number | null = null;
  let pause = firstPause;
  let timer: NodeJS.Timeout | undefined;
  let probing: Promise<void> | null = null;
  let closed = false;

  async function attempt<T>(seconds: number, send: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const signal = AbortSignal.timeout(Math.ceil(seconds * 1000));
    try {
      // Look-ups of credentials cannot be called off.
      return await Promise.race([send(signal), aborted(signal)]);
    } catch (thrown) {
      const text = signal.aborted ? `no answer within ${seconds} s` : messageOf(thrown);
      const detail = `${name}: ${text}`.slice(0, 400);
      if (thrown instanceof Refused && !signal.aborted) throw new RefusedHere({ detail, cause: thrown });
      throw new PictorError('STORE_FAILED', { detail, cause: thrown });
    }
  }

  function goDown(detail: string): void {
    if (closed || downSince !== null) return;
    downSince = performance.now();
    const facts = { store: name, bucket: place, detail };
    emit({ type: 'notice', level: 'warn', message: 'a cache cannot be reached; going on without it', facts });
    schedule();
  }

  function schedule(): void {
    timer = setTimeout(() => {
      probing = ask().finally(() => {
        probing = null;
      });
    }, pause);
    timer.unref();
    pause = Math.min(pause * 2, longestPause);
  }

  async function ask(): Promise<void> {
    try {
      await attempt(probeSeconds, probe);
      comeUp();
    } catch (thrown) {
      if (thrown instanceof RefusedHere) comeUp();
      else if (!closed) schedule();
    }
  }

  function comeUp(): void {
    const seconds = Math.round((performance.now() - (downSince ?? 0)) / 1000);
    downSince = null;
    failures = 0;
    pause = firstPause;
    emit({
      type: 'notice',
      level: 'info',
      message: 'a cache is back',
      facts: { store: name, bucket: place, seconds },
    });
  }

  return {
    isUp: () => downSince === null && !closed,
    async run(seconds, send) {
      if (downSince !== null || closed)
        throw new PictorError('STORE_FAILED', { detail: `${name} cannot be reached` });
      try {
        const value = await attempt(seconds, send);
        failures = 0;
        return value;
      } catch (thrown) {
        if (thrown instanceof RefusedHere) failures = 0;
        else failures += 1;
        if (failures >= patience) goDown(thrown instanceof PictorError ? (thrown.detail ?? '') : '');
        throw thrown;
      }
    },
    async close() {
      closed = true;
      clearTimeout(timer);
      await probing;
    },
  };
}

/** Tells the two kinds apart without looking at words. */
class RefusedHere extends PictorError {
  constructor(options: { readonly detail: string; readonly cause: unknown }) {
    super('STORE_FAILED', options);
  }
}

const aborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });

const messageOf = (thrown: unknown): string => (thrown instanceof Error ? thrown.message : String(thrown));
