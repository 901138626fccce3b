import { freePort, type Measured, startServer } from './processes.ts';
import type { Bench } from './scenarios/jobs.ts';

/** What workers are niced to. */
const yielding = '10';

/** What deploy/ sets for the server (docs/adr/0025-malloc.md). */
const deployed = {
  MALLOC_ARENA_MAX: '2',
  MALLOC_MMAP_THRESHOLD_: String(256 * 1024),
  MALLOC_TRIM_THRESHOLD_: String(1024 * 1024),
};

/**
 * Starts the product as an imgproxy user would, serving the bench pictures unsigned.
 * @param options.yields false: the server is as patient as its workers, which then yield to nobody
 */
export function startPictor(
  bench: Bench,
  env: Readonly<Record<string, string>> = {},
  { yields = true }: { readonly yields?: boolean } = {},
): Promise<Measured> {
  const port = freePort();
  const command = [bench.node, bench.program, 'imgproxy'];
  const [first, ...args] = yields ? command : ['nice', '-n', yielding, ...command];
  return startServer({
    command: first!,
    args,
    port,
    path: '/health',
    env: {
      IMGPROXY_BIND: `127.0.0.1:${port}`,
      IMGPROXY_LOCAL_FILESYSTEM_ROOT: bench.sources.dir,
      PICTOR_ADMIN_BIND: '',
      ...deployed,
      ...env,
    },
  });
}

/** Path of a variant that fits `width`; a quality makes it another variant of the same size. */
export const variantPath = (source: string, width: number, extension: string, quality?: number): string =>
  `/unsafe/rs:fit:${width}:0${quality === undefined ? '' : `/q:${quality}`}/plain/local:///${source}@${extension}`;
