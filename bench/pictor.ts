import { freePort, type Measured, startServer } from './processes.ts';
import type { Bench } from './scenarios/jobs.ts';

/** Starts the product as an imgproxy user would, serving the bench pictures unsigned. */
export function startPictor(bench: Bench, env: Readonly<Record<string, string>> = {}): Promise<Measured> {
  const port = freePort();
  return startServer({
    command: bench.node,
    args: [bench.program, 'imgproxy'],
    port,
    path: '/health',
    env: {
      IMGPROXY_BIND: `127.0.0.1:${port}`,
      IMGPROXY_LOCAL_FILESYSTEM_ROOT: bench.sources.dir,
      PICTOR_ADMIN_BIND: '',
      ...env,
    },
  });
}

/** Path of a variant that fits `width`; a quality makes it another variant of the same size. */
export const variantPath = (source: string, width: number, extension: string, quality?: number): string =>
  `/unsafe/rs:fit:${width}:0${quality === undefined ? '' : `/q:${quality}`}/plain/local:///${source}@${extension}`;
