import { type S3Failure, type S3FailureKind, s3FailureOf } from '../../cloud/s3-failures.ts';
import type { S3Service, S3Session } from '../../cloud/s3-session.ts';
import type { EmitEvent } from '../../core/events.ts';
import { aborted, createOutage } from '../outage.ts';

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

/** What `createOutage` says holds for all that is sent. */
export function createS3Link(options: S3LinkOptions): S3Link {
  const { service, name, bucket, emit, probe, probeSeconds } = options;
  const outage = createOutage({
    name,
    place: bucket,
    emit,
    probe: async () => isAnswer(await attempt(probeSeconds, probe)),
  });

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

  return {
    isUp: outage.isUp,
    async run(seconds, send) {
      if (!outage.isUp()) {
        return {
          ok: false,
          failure: { kind: 'unreachable', detail: `bucket ${bucket} is not asked for now` },
        };
      }
      const outcome = await attempt(seconds, send);
      if (isAnswer(outcome)) outage.answered();
      else if (!outcome.ok) outage.failed(outcome.failure.detail);
      return outcome;
    },
    async close() {
      await Promise.all([outage.close(), service.close()]);
    },
  };
}

const isAnswer = (outcome: S3Outcome<unknown>): boolean => outcome.ok || answers.has(outcome.failure.kind);
