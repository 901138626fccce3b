import { asPictorError, errorCatalogue, PictorError } from '../../core/errors.ts';
import type { OnceRun, RunOnce } from '../../service/run-once.ts';
import type { Channel } from './channel.ts';
import type { Turn } from './claims.ts';
import type { PrimaryQuestions } from './questions.ts';
import { fromWire, toWire } from './wire-failure.ts';

/** Longer than a fetch and a transform take within their usual bounds: whoever has the turn is stuck. Milliseconds. */
const usualPatience = 60_000;

/**
 * Takes turns with the other processes: the primary knows who is at what. Names are long, and the primary compares them
 * only, but a message costs little beside the work it spares.
 * @param patience how long the turn of another process is waited for, milliseconds
 */
export function createRunOnce(primary: Channel<PrimaryQuestions>, patience = usualPatience): RunOnce {
  /** Null: not waited for any longer; it is done without a turn. */
  function take(name: string, signal: AbortSignal): Promise<Turn | null> {
    const { promise, resolve, reject } = Promise.withResolvers<Turn | null>();
    let waiting = true;
    const settle = (end: () => void) => {
      if (!waiting) return;
      waiting = false;
      clearTimeout(timer);
      signal.removeEventListener('abort', leave);
      end();
    };
    const leave = () => settle(() => reject(signal.reason));
    const timer = setTimeout(() => settle(() => resolve(null)), patience).unref();
    signal.addEventListener('abort', leave, { once: true });
    primary.ask('claim', name).then(
      (turn) => {
        // It comes too late: the next one shall not wait for us.
        if (!waiting && turn.mine) primary.tell('release', { name, handOn: true });
        settle(() => resolve(turn));
      },
      () => settle(() => resolve(null)),
    );
    return promise;
  }

  async function workInTurn<T>({ name, work, findable, changes }: OnceRun<T>): Promise<T> {
    try {
      const result = await work();
      const done = () =>
        primary.tell('release', {
          name,
          handOn: false,
          ...(changes === undefined ? {} : { changed: changes }),
        });
      void (findable?.() ?? Promise.resolve()).then(done, done);
      return result;
    } catch (thrown) {
      const error = asPictorError(thrown);
      const isForAll = errorCatalogue[error.code].rememberSeconds > 0;
      primary.tell('release', { name, handOn: !isForAll, ...(isForAll ? { failure: toWire(error) } : {}) });
      throw thrown;
    }
  }

  return async (run) => {
    run.signal.throwIfAborted();
    const turn = await take(run.name, run.signal);
    if (turn?.mine === true) return workInTurn(run);
    const failure = turn?.failure === undefined ? null : fromWire(turn.failure);
    if (failure instanceof PictorError) run.failedElsewhere?.(failure);
    return run.work();
  };
}
