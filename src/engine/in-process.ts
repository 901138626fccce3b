import { asPictorError, PictorError } from '../core/errors.ts';
import { entryUrl } from './entry.ts';
import type { Pool } from './pool.ts';
import type { WorkResult } from './wire.ts';

/**
 * The same job code without processes: for tests and tiny hosts. A time limit ends the waiting but not the work, there is
 * no memory limit, and a decoder that crashes takes the server with it.
 */
export function createInProcessPool({ timeoutSeconds }: { readonly timeoutSeconds: number }): Pool {
  let busy = 0;
  const running = new Set<Promise<unknown>>();
  return {
    async run(work, signal) {
      if (signal.aborted) throw new PictorError('CANCELLED');
      busy += 1;
      // A path the bundler cannot follow: sharp is loaded here only if it is needed here.
      const { runWork } = (await import(entryUrl('worker').href)) as typeof import('./worker.ts');
      const done = runWork(work);
      const settled = done.then(
        () => {},
        () => {},
      );
      running.add(settled);
      void settled.finally(() => {
        busy -= 1;
        running.delete(settled);
      });
      try {
        return await firstOf(done, { signal, timeoutSeconds });
      } catch (error) {
        throw asPictorError(error);
      }
    },
    stats: () => ({ workers: 0, busy, started: 0, crashed: 0, timedOut: 0, recycled: 0, rssBytes: 0 }),
    close: async () => void (await Promise.all(running)),
  };
}

interface Bounds {
  readonly signal: AbortSignal;
  readonly timeoutSeconds: number;
}

function firstOf(done: Promise<WorkResult>, { signal, timeoutSeconds }: Bounds): Promise<WorkResult> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(new PictorError('CANCELLED'));
    const timer =
      timeoutSeconds === 0
        ? undefined
        : setTimeout(() => reject(new PictorError('TIMEOUT')), timeoutSeconds * 1000);
    signal.addEventListener('abort', onAbort, { once: true });
    void done.then(resolve, reject).finally(() => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
    });
  });
}
