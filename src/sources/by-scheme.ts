import { PictorError } from '../core/errors.ts';
import type { Source } from '../core/ports.ts';

/**
 * Several sources as one: the scheme of the URI chooses. A scheme nobody serves is SOURCE_INVALID.
 * @throws Error when two sources claim the same scheme: that is a mistake in the composition
 */
export function createSources(sources: readonly Source[]): Source {
  const byScheme = new Map<string, Source>();
  for (const source of sources) {
    for (const scheme of source.schemes) {
      if (byScheme.has(scheme)) throw new Error(`two sources claim ${scheme}://`);
      byScheme.set(scheme, source);
    }
  }
  return {
    schemes: [...byScheme.keys()],
    async open(uri, context) {
      const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(uri)?.[1]?.toLowerCase();
      const source = scheme === undefined ? undefined : byScheme.get(scheme);
      if (source === undefined)
        throw new PictorError('SOURCE_INVALID', { detail: `no source for ${uri.slice(0, 200)}` });
      return source.open(uri, context);
    },
    async close() {
      await Promise.all(sources.map(async (source) => source.close?.()));
    },
  };
}
