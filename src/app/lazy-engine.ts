import { PictorError } from '../core/errors.ts';
import type { Engine, EngineStats } from '../plan/engine-port.ts';

export interface LazyEngine extends Engine {
  /** Starts the workers, unless a first image has done so already. */
  start(): void;
}

const idle: EngineStats = {
  workers: 0,
  busy: 0,
  started: 0,
  crashed: 0,
  timedOut: 0,
  recycled: 0,
  rssBytes: 0,
};

/**
 * An engine that is made after the server listens, or with the first image: starting processes takes longer than all the
 * rest of the start, and answers from the cache need none.
 */
export function createLazyEngine(load: () => Promise<Engine>): LazyEngine {
  let engine: Engine | null = null;
  let loading: Promise<Engine> | null = null;
  let closed = false;
  const loaded = async () => {
    if (closed) throw new PictorError('SHUTTING_DOWN');
    loading ??= load().then((made) => {
      engine = made;
      return made;
    });
    return loading;
  };
  return {
    transform: async (job, signal) => (await loaded()).transform(job, signal),
    transformWithin: async (job, signal) => (await loaded()).transformWithin(job, signal),
    transformInIdle: async (job, signal) => (await loaded()).transformInIdle(job, signal),
    inspect: async (input, limits) => (await loaded()).inspect(input, limits),
    reduce: async (order) => (await loaded()).reduce(order),
    stats: () => engine?.stats() ?? idle,
    start() {
      // What fails here fails again, and is told, with the first image.
      loaded().catch(() => {});
    },
    async close() {
      closed = true;
      await (await loading)?.close();
    },
  };
}
