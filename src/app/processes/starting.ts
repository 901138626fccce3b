import { PictorError } from '../../core/errors.ts';
import type { Serving } from './serving.ts';

/**
 * Nothing that a start waits for takes as long: folders are opened, not walked, and every connection has a time limit of its
 * own. Milliseconds.
 */
const longestStep = 60_000;

/**
 * A step of a process on its way to take requests: whether it hangs is asked of those only that do. One that is not done in
 * time ends its process.
 * @throws what the step throws; PictorError TIMEOUT when it is not done in time
 */
export function inTime<T>({ index, kill }: Serving, step: Promise<T>): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const timer = setTimeout(() => {
    const within = `within ${longestStep / 1000} seconds`;
    // Before it ends: the step would fail with that.
    reject(
      new PictorError('TIMEOUT', {
        detail: `serving process ${index + 1} was not ready to listen ${within}`,
      }),
    );
    kill();
  }, longestStep);
  step.then(resolve, reject);
  return promise.finally(() => clearTimeout(timer));
}
