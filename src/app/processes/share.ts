import { availableParallelism } from 'node:os';
import { cachesOf } from '../caches.ts';
import type { AppConfig } from '../settings.ts';

/** One of several processes that share a machine, a port and a configuration. */
export interface Place {
  /** From 0 on. */
  readonly index: number;
  readonly count: number;
}

/** What falls to one of them: the shares add up to the whole, but nobody goes without. 0 means no bound, and stays so. */
export const partOf = (whole: number, { index, count }: Place): number =>
  whole === 0 ? 0 : Math.max(1, Math.floor(whole / count) + (index < whole % count ? 1 : 0));

/**
 * The configuration of one of several processes: what a setting bounds for the server is divided, so that all together keep
 * to it. What they have in common (folders, what lies in them) is left as it is; those folders see to their bounds
 * themselves.
 */
export function shareOf(config: AppConfig, place: Place): AppConfig {
  const part = (whole: number) => partOf(whole, place);
  const { server, engine, admission, sources, webhooks } = config;
  const workers = engine.workers || availableParallelism();
  return {
    ...config,
    server: { ...server, maxConnections: part(server.maxConnections) },
    engine: { ...engine, workers: part(workers) },
    admission: {
      ...admission,
      fetchConcurrency: part(admission.fetchConcurrency),
      fetchQueue: part(admission.fetchQueue),
      processConcurrency: part(admission.processConcurrency),
      processQueue: part(admission.processQueue),
      memoryForOriginals: part(admission.memoryForOriginals),
    },
    cache: cachePart(config.cache, part),
    mounts: config.mounts.map((mount) =>
      mount.cache === undefined ? mount : { ...mount, cache: cachePart(mount.cache, part) },
    ),
    sources: {
      ...sources,
      http: { ...sources.http, maxConnectionsPerHost: part(sources.http.maxConnectionsPerHost) },
      s3: { ...sources.s3, maxConnections: part(sources.s3.maxConnections) },
    },
    webhooks: { ...webhooks, concurrency: part(webhooks.concurrency) },
  };
}

/** Memory is each process's own; a folder is shared, and sees to its bounds itself. */
const cachePart = <Cache extends AppConfig['cache']>(
  cache: Cache,
  part: (whole: number) => number,
): Cache => ({
  ...cache,
  memory: part(cache.memory),
  // Laid out for another server, the folder has no place for these: each process has a temporary one.
  ...(cache.layout === 'imageproxy'
    ? { originals: part(cache.originals), mezzanines: part(cache.mezzanines) }
    : {}),
});

/** Why this configuration cannot be served by the number of processes it asks for; null: it can. */
export function processesProblem(config: Pick<AppConfig, 'server' | 'cache' | 'mounts'>): string | null {
  if (config.server.processes === 1) return null;
  if (cachesOf(config).all.every(({ settings }) => settings.dir !== '')) return null;
  return 'several processes share what they keep on disk: set cache.dir as well';
}
