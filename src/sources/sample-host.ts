import type { Source } from '../core/ports.ts';
import { streamFrom } from './stream-from.ts';

/**
 * A host that does not exist (RFC 2606 reserves `.example`) and stands for a folder: so a URL language that knows nothing
 * but addresses of the web can be tried out without one. Nothing is connected to for it.
 */
const sampleHost = 'samples.example';

const sample = new RegExp(`^https?://${sampleHost.replace('.', '\\.')}/([^?#]*)`, 'i');

/**
 * The web, with that host in it.
 * @param samples answers `local:///…`
 */
export function withSampleHost(web: Source, samples: Source): Source {
  const resolve = (uri: string): readonly [Source, string] => {
    const name = sample.exec(uri)?.[1];
    return name === undefined ? [web, uri] : [samples, `local:///${name}`];
  };
  return {
    schemes: web.schemes,
    async open(uri, context) {
      const [source, own] = resolve(uri);
      return source.open(own, context);
    },
    async stream(uri, context) {
      const [source, own] = resolve(uri);
      return streamFrom(source, own, context);
    },
    async close() {
      await web.close?.();
    },
  };
}
