import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { type Format, quality } from './formats.ts';
import { findImageFilter, startImageFilter } from './peers/nginx.ts';
import { freePort, type Measured, startServer } from './processes.ts';
import type { Bench } from './scenarios/jobs.ts';

/** Scenarios that other servers take part in. */
export type PeerScenario = 'cold' | 'srcset' | 'hits' | 'mixed';

/** A picture to ask a server for. */
export interface Picture {
  /** File in the folder of sources. */
  readonly source: string;
  readonly width: number;
  readonly format: Format;
}

/** Another image server. */
export interface Peer {
  readonly name: string;
  start(): Promise<Measured>;
  /** Path and query of a picture; null where it takes no part: it has no such format, or no cache to hit. */
  path(scenario: PeerScenario, picture: Picture): string | null;
}

/** One that is not on this machine, and why. */
export type PeerOrAbsent = Peer | { readonly name: string; readonly absent: string };

/** The servers of this kind that come with the suite or are looked for on the machine. */
export function usualPeers({ node, sources }: Pick<Bench, 'node' | 'sources'>): PeerOrAbsent[] {
  return [ipx(node, sources.dir), imageFilter(sources.dir)];
}

const ipx = (node: string, dir: string): Peer => ({
  name: 'ipx',
  start() {
    const port = freePort();
    return startServer({
      command: node,
      args: [join(import.meta.dirname, 'peers/ipx.ts'), dir, String(port)],
      port,
    });
  },
  path: (scenario, { source, width, format }) =>
    scenario === 'hits' ? null : `/w_${width},f_${format},q_${quality[format]}/${source}`,
});

function imageFilter(dir: string): PeerOrAbsent {
  const name = 'nginx image_filter';
  const module = findImageFilter();
  if (module === null) return { name, absent: 'nginx or its module image_filter is not installed' };
  return {
    name,
    start: () =>
      startImageFilter({ root: dir, module, workers: availableParallelism(), quality: quality.jpeg }),
    path: (scenario, { source, width, format }) =>
      scenario === 'cold' && format === 'jpeg' ? `/${width}/${source}` : null,
  };
}
