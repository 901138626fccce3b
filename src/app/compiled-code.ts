import { enableCompileCache, flushCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';

/** Node writes at the end of a process, and some are never ended in order. By then a start is long over. */
const writeAfterMs = 10_000;

/**
 * Keeps what V8 has compiled of the bundle for the next start, which is a tenth shorter then (docs/adr/0005-bundle.md). It is
 * code that will be run, so it lies in the package's own folder: whoever may write there may change the bundle as well. Where
 * that folder cannot be written to nothing is kept, and nothing of a clone, which runs the source.
 */
export function keepCompiledCode(): void {
  if (!import.meta.url.endsWith('.js')) return;
  enableCompileCache(fileURLToPath(new URL('../.compiled', import.meta.url)));
  setTimeout(flushCompileCache, writeAfterMs).unref();
}
