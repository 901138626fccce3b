import type { Source } from '../core/ports.ts';
import { streamFrom } from '../sources/stream-from.ts';

export interface LazySource extends Source {
  /** Loads the code before it is needed; a failure shows at the first use. */
  warmUp(): void;
}

/**
 * A source whose code is loaded when it is first used: an HTTP client takes longer to load than the rest of the server
 * takes to start.
 */
export function createLazySource(schemes: readonly string[], load: () => Promise<Source>): LazySource {
  let loading: Promise<Source> | null = null;
  const loaded = () => {
    loading ??= load();
    return loading;
  };
  return {
    schemes,
    open: async (uri, context) => (await loaded()).open(uri, context),
    stream: async (uri, context) => streamFrom(await loaded(), uri, context),
    warmUp() {
      loaded().catch(() => {
        loading = null;
      });
    },
    async close() {
      await (await loading)?.close?.();
    },
  };
}
