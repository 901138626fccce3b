import { PictorError } from '../../core/errors.ts';
import type { EmitEvent } from '../../core/events.ts';

/**
 * Whether the remote is to be asked. After failures in a row it is left alone for a while, longer each time, so that nobody
 * waits for what will not answer. Trouble is told once when it begins and once when it is over.
 */
export interface RemoteHealth {
  /** @throws PictorError STORAGE_UNREACHABLE while it is left alone */
  check(): void;
  /** Milliseconds until it may be asked again; 0: now. */
  pause(): number;
  /** True from the first failures until an answer. */
  isAway(): boolean;
  /** It answered, whatever it said. */
  answered(): void;
  /** It did not, or not as a service that works does. */
  failed(error: PictorError): void;
}

/** One failure alone is an accident. */
const patience = 2;
/** Milliseconds, doubled from the first to the last. */
const firstPause = 500;
const longestPause = 15_000;

/** Its own trouble, whatever it was asked. Refusals are answers. */
export const isTrouble = ({ code }: PictorError): boolean =>
  code === 'STORAGE_UNREACHABLE' || code === 'STORAGE_TIMEOUT' || code === 'STORAGE_FAILED';

export function createRemoteHealth(emit: EmitEvent): RemoteHealth {
  let failures = 0;
  let awaySince: number | null = null;
  let next = 0;
  let lastDetail = '';

  const pause = () => Math.max(0, next - performance.now());

  return {
    pause,
    isAway: () => awaySince !== null,
    check() {
      if (pause() === 0) return;
      throw new PictorError('STORAGE_UNREACHABLE', { detail: `not asked for now: ${lastDetail}` });
    },
    answered() {
      failures = 0;
      next = 0;
      if (awaySince === null) return;
      const seconds = Math.round((performance.now() - awaySince) / 1000);
      awaySince = null;
      emit({ type: 'notice', level: 'info', message: 'the bucket is back', facts: { seconds } });
    },
    failed({ detail = '' }) {
      failures += 1;
      lastDetail = detail;
      if (failures < patience) return;
      next = performance.now() + Math.min(longestPause, firstPause * 2 ** (failures - patience));
      if (awaySince !== null) return;
      awaySince = performance.now();
      const message = 'the bucket cannot be reached; what is to go there waits on disk';
      emit({ type: 'notice', level: 'warn', message, facts: { detail } });
    },
  };
}
