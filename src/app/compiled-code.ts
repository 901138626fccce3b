import { mkdirSync, statSync } from 'node:fs';
import { enableCompileCache, flushCompileCache } from 'node:module';
import { getuid } from 'node:process';
import { fileURLToPath } from 'node:url';

/** Node writes at the end of a process, and some are never ended in order. By then a start is long over. */
const writeAfterMs = 10_000;

/**
 * Keeps what V8 has compiled of the bundle for the next start, which is a tenth shorter then (docs/adr/0005-bundle.md). It is
 * code that will be run, so it lies in the package's own folder, in one that nobody else may write to. Where there can be none
 * nothing is kept, and nothing of a clone, which runs the source.
 */
export function keepCompiledCode(): void {
  if (!import.meta.url.endsWith('.js')) return;
  const folder = fileURLToPath(new URL('../.compiled', import.meta.url));
  if (!isOurs(folder)) return;
  enableCompileCache(folder);
  setTimeout(flushCompileCache, writeAfterMs).unref();
}

/** Makes the folder where it is missing. */
function isOurs(folder: string): boolean {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const facts = statSync(folder);
    // Windows has neither owners of this kind nor such modes.
    return getuid === undefined || (facts.uid === getuid() && (facts.mode & 0o022) === 0);
  } catch {
    return false;
  }
}
