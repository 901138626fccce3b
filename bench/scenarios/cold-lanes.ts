import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { extension, type Format, formats, quality } from '../formats.ts';
import { endWithBench } from '../leftovers.ts';
import type { Peer } from '../peers.ts';
import { variantPath } from '../pictor.ts';
import type { Measured } from '../processes.ts';
import { madeAll } from '../rest.ts';
import type { BareJob, Bench, Spent } from './jobs.ts';

/**
 * Photos of the sizes for which the bounds were set: AVIF's gain over others lies in its encoder, and is the smaller the more
 * there is to decode.
 */
export const coldPhoto = {
  jpeg: { source: 'twelve', size: '12 MP' },
  webp: { source: 'twelve', size: '12 MP' },
  avif: { source: 'eight', size: '8 MP' },
} as const satisfies Record<Format, unknown>;

/** Somebody who makes new pictures. */
export interface Lane {
  makes(format: Format): boolean;
  /** Runs one batch of variants of a large photo that were never made. */
  batch(format: Format, widths: readonly number[]): Promise<Spent>;
  /** As many pictures as everybody makes before anything is measured: what runs from then on is compiled. */
  warm(): Promise<void>;
  stop(): Promise<void>;
}

const warmUps = Array.from({ length: 300 }, (_, index) => 40 + index);

/** Null: not in this format. */
type PathOf = (source: string, format: Format, width: number) => string | null;

interface OverHttp {
  readonly server: Measured;
  readonly path: PathOf;
  /** Requests in flight; absent: two for each core, as when the bounds were set. */
  readonly requests?: number;
}

/** Batches over HTTP. */
function httpLane(
  { sources }: Bench,
  { server, path, requests = 2 * availableParallelism() }: OverHttp,
): Lane {
  const paths = (source: string, format: Format, widths: readonly number[]) =>
    widths.map((width) => path(source, format, width) ?? '/');
  const makes = (format: Format) => path(sources[coldPhoto[format].source], format, 100) !== null;
  return {
    makes,
    async warm() {
      const first = formats.find(makes);
      if (first !== undefined) await madeAll(server, paths(sources.tiny, first, warmUps), requests);
    },
    async batch(format, widths) {
      const cpu = server.cpuSeconds();
      const began = performance.now();
      await madeAll(server, paths(sources[coldPhoto[format].source], format, widths), requests);
      const seconds = (performance.now() - began) / 1000;
      return { cpuSeconds: server.cpuSeconds() - cpu, seconds };
    },
    stop: () => server.stop(),
  };
}

export const pictorLane = (bench: Bench, server: Measured, requests?: number): Lane =>
  httpLane(bench, {
    server,
    path: (source, format, width) => variantPath(source, width, extension[format], quality[format]),
    ...(requests === undefined ? {} : { requests }),
  });

export const peerLane = async (bench: Bench, peer: Peer): Promise<Lane> =>
  httpLane(bench, {
    server: await peer.start(),
    path: (source, format, width) => peer.path('cold', { source, width, format }),
  });

/** Sharp in a process of its own, without HTTP. */
export function bareLane({ node, sources }: Bench): Lane {
  const child = spawn(node, [join(import.meta.dirname, '../peers/bare-sharp.ts')], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  endWithBench(child);
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  async function run(source: string, format: Format, widths: readonly number[]): Promise<Spent> {
    const job: BareJob = { path: join(sources.dir, source), format, quality: quality[format], widths };
    child.stdin.write(`${JSON.stringify(job)}\n`);
    const { value } = await answers.next();
    return JSON.parse(value as string) as Spent;
  }
  return {
    makes: () => true,
    async warm() {
      await run(sources.tiny, 'jpeg', warmUps);
    },
    batch: (format, widths) => run(sources[coldPhoto[format].source], format, widths),
    async stop() {
      child.stdin.end();
    },
  };
}
