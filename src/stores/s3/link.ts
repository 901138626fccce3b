import { type S3Failure, type S3FailureKind, s3FailureOf } from '../../cloud/s3-failures.ts';
import type { S3Service, S3Session } from '../../cloud/s3-session.ts';
import type { EmitEvent } from '../../core/events.ts';

/** What came of a request. */
export type S3Outcome<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly failure: S3Failure };

export interface S3LinkOptions {
  readonly service: S3Service;
  /** Name of the store, for events. */
  readonly name: string;
  readonly bucket: string;
  readonly emit: EmitEvent;
  /** One cheap request: while S3 is away, it is asked until it answers. Work that is overdue may be done in it, too. */
  readonly probe: (session: S3Session, signal: AbortSignal) => Promise<unknown>;
  /** Seconds a probe may take. */
  readonly probeSeconds: number;
}

/** Requests to S3 that make nobody wait while it is away. */
export interface S3Link {
  /** False while S3 is not asked, because it did not answer lately. */
  isUp(): boolean;
  /** Sends a request with a time limit. Never rejects. */
  run<T>(
    seconds: number,
    send: (session: S3Session, signal: AbortSignal) => Promise<T>,
  ): Promise<S3Outcome<T>>;
  close(): Promise<void>;
}

/** Answers of a service that works, whatever they say. */
const answers: ReadonlySet<S3FailureKind> = new Set([
  'missing',
  'denied',
  'refused',
  'changed',
  'not-modified',
]);

/** Failures in a row after which S3 is left alone: one alone is an accident. */
const patience = 2;
/** Milliseconds between probes: doubled from the first to the last. */
const firstPause = 500;
const longestPause = 15_000;

/**
 * Keeps slow and dead services from slowing pictor down: after failures in a row nothing is sent any more but a probe in
 * the background, until that is answered. Trouble is told once when it begins and once when it is over.
 */
export function createS3Link(options: S3LinkOptions): S3Link {
  const { service, name, bucket, emit, probe, probeSeconds } = options;
  let failures = 0;
  let downSince: number | null = null;
  let pause = firstPause;
  let timer: NodeJS.Timeout | undefined;
  let closed = false;

  async function attempt<T>(
    seconds: number,
    send: (session: S3Session, signal: AbortSignal) => Promise<T>,
  ): Promise<S3Outcome<T>> {
    const signal = AbortSignal.timeout(Math.ceil(seconds * 1000));
    try {
      // Some of the SDK's own errands, for credentials, cannot be called off.
      const value = await Promise.race([
        service.session().then((session) => send(session, signal)),
        aborted(signal),
      ]);
      return { ok: true, value };
    } catch (thrown) {
      const late: S3Failure = { kind: 'timeout', detail: `no answer within ${seconds} s` };
      return { ok: false, failure: signal.aborted ? late : s3FailureOf(thrown) };
    }
  }

  const isAnswer = (outcome: S3Outcome<unknown>): boolean => outcome.ok || answers.has(outcome.failure.kind);

  function goDown({ detail }: S3Failure): void {
    if (downSince !== null || closed) return;
    downSince = performance.now();
    const facts = { store: name, bucket, detail };
    emit({ type: 'notice', level: 'warn', message: 'a cache cannot be reached; going on without it', facts });
    scheduleProbe();
  }

  function scheduleProbe(): void {
    if (closed) return;
    timer = setTimeout(() => void tryAgain(), pause).unref();
    pause = Math.min(pause * 2, longestPause);
  }

  async function tryAgain(): Promise<void> {
    if (isAnswer(await attempt(probeSeconds, probe))) comeUp();
    else scheduleProbe();
  }

  function comeUp(): void {
    if (downSince === null || closed) return;
    const seconds = Math.round((performance.now() - downSince) / 1000);
    downSince = null;
    failures = 0;
    pause = firstPause;
    emit({
      type: 'notice',
      level: 'info',
      message: 'a cache is back',
      facts: { store: name, bucket, seconds },
    });
  }

  return {
    isUp: () => downSince === null && !closed,
    async run(seconds, send) {
      if (downSince !== null || closed) {
        return {
          ok: false,
          failure: { kind: 'unreachable', detail: `bucket ${bucket} is not asked for now` },
        };
      }
      const outcome = await attempt(seconds, send);
      if (isAnswer(outcome)) failures = 0;
      else if (!outcome.ok) {
        failures += 1;
        if (failures >= patience) goDown(outcome.failure);
      }
      return outcome;
    },
    async close() {
      closed = true;
      clearTimeout(timer);
      await service.close();
    },
  };
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(new Error('aborted')), { once: true });
  });
}
