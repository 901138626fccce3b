import { PictorError } from '../../core/errors.ts';
import type { EmitEvent } from '../../core/events.ts';
import { aborted, createOutage } from '../outage.ts';

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

/** What `createOutage` says holds for all that is sent. */
export function createObjectLink(options: ObjectLinkOptions): ObjectLink {
  const { name, place, emit, probe, probeSeconds } = options;
  const outage = createOutage({
    name,
    place,
    emit,
    probe: () =>
      attempt(probeSeconds, probe).then(
        () => true,
        (thrown: unknown) => thrown instanceof RefusedHere,
      ),
  });

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

  return {
    isUp: outage.isUp,
    async run(seconds, send) {
      if (!outage.isUp()) throw new PictorError('STORE_FAILED', { detail: `${name} cannot be reached` });
      try {
        const value = await attempt(seconds, send);
        outage.answered();
        return value;
      } catch (thrown) {
        if (thrown instanceof RefusedHere) outage.answered();
        else outage.failed(thrown instanceof PictorError ? (thrown.detail ?? '') : '');
        throw thrown;
      }
    },
    close: outage.close,
  };
}

/** Tells the two kinds apart without looking at words. */
class RefusedHere extends PictorError {
  constructor(options: { readonly detail: string; readonly cause: unknown }) {
    super('STORE_FAILED', options);
  }
}

const messageOf = (thrown: unknown): string => (thrown instanceof Error ? thrown.message : String(thrown));
