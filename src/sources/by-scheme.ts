import { PictorError } from '../core/errors.ts';
import type { Source } from '../core/ports.ts';
import { streamFrom } from './stream-from.ts';

/**
 * Several sources as one: the scheme of the URI chooses. A scheme nobody serves is SOURCE_INVALID.
 * @throws Error when two sources claim the same scheme: that is a mistake in the composition
 */
export function createSources(sources: readonly Source[]): Source & Required<Pick<Source, 'stream'>> {
  const byScheme = new Map<string, Source>();
  for (const source of sources) {
    for (const scheme of source.schemes) {
      if (byScheme.has(scheme)) throw new Error(`two sources claim ${scheme}://`);
      byScheme.set(scheme, source);
    }
  }

  function sourceOf(uri: string): Source {
    const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(uri)?.[1]?.toLowerCase();
    const source = scheme === undefined ? undefined : byScheme.get(scheme);
    if (source !== undefined) return source;
    throw new PictorError('SOURCE_INVALID', { detail: `no source for ${uri.slice(0, 200)}` });
  }

  return {
    schemes: [...byScheme.keys()],
    open: async (uri, context) => sourceOf(uri).open(uri, context),
    stream: async (uri, context) => streamFrom(sourceOf(uri), uri, context),
    async close() {
      await Promise.all(sources.map(async (source) => source.close?.()));
    },
  };
}
