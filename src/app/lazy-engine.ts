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
  const loaded = () => {
    loading ??= load().then((made) => {
      engine = made;
      return made;
    });
    return loading;
  };
  return {
    transform: async (job, signal) => (await loaded()).transform(job, signal),
    inspect: async (input, limits) => (await loaded()).inspect(input, limits),
    stats: () => engine?.stats() ?? idle,
    start: () => void loaded(),
    async close() {
      await (await loading)?.close();
    },
  };
}
