import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Peer } from '../peers.ts';
import { startPictor, variantPath } from '../pictor.ts';
import { type Measured, median } from '../processes.ts';
import { madeAll } from '../rest.ts';
import { type BareJob, type Bench, type Row, type Spent, skippedRow } from './jobs.ts';

const formats = ['jpeg', 'webp', 'avif'] as const;
const extension = { jpeg: 'jpg', webp: 'webp', avif: 'avif' } as const;
/** Cost CPU per operation may have over bare sharp, and the gain it must have over ipx (design targets). */
const ipxBar = { jpeg: 1.1, webp: 1.2, avif: 6 } as const;

const warmUps = 300;

interface Urls {
  /** Null: not in this format. */
  path(format: BareJob['format'], width: number): string | null;
  /** A picture that is made quickly. */
  cheap(width: number): string;
}

interface Lane {
  makes(format: BareJob['format']): boolean;
  /** Runs one batch of never-seen variants. */
  batch(format: BareJob['format'], widths: readonly number[]): Promise<Spent>;
  /** Many cheap pictures, made once. */
  warm(): Promise<void>;
  stop(): Promise<void>;
}

type Lanes = Readonly<Record<string, Lane>>;

/** Cold transforms of one 12 MP photo: pictor against bare sharp with the same settings, and against other servers. */
export async function cold(bench: Bench): Promise<Row[]> {
  const lanes: Record<string, Lane> = {
    // Every variant of the one photo shall be a first one.
    pictor: httpLane(await startPictor(bench, { PICTOR_CACHE_MEZZANINES: '0' }), urlsOf(bench)),
    bare: bareLane(bench),
  };
  const rows: Row[] = [];
  try {
    for (const peer of bench.peers) if ('start' in peer) lanes[peer.name] = await peerLane(peer, bench);
    // What is compared is a server at work, not one whose code is still being compiled.
    for (const lane of Object.values(lanes)) await lane.warm();
    for (const format of formats) {
      rows.push(...report(format, await race(format, lanes, bench)));
      bench.say(`cold ${format} done`);
    }
  } finally {
    await Promise.all(Object.values(lanes).map((lane) => lane.stop()));
  }
  for (const peer of bench.peers)
    if ('absent' in peer) rows.push(skippedRow('cold 12 MP', `CPU gain over ${peer.name}`, peer.absent));
  return [...rows, ...(await inFlight(bench))];
}

/** What each operation took, by contestant and round. */
async function race(
  format: BareJob['format'],
  lanes: Lanes,
  { full }: Bench,
): Promise<Record<string, Spent[]>> {
  const size = full ? 24 : 12;
  const names = Object.keys(lanes).filter((name) => lanes[name]!.makes(format));
  const spent: Record<string, Spent[]> = Object.fromEntries(names.map((name) => [name, []]));
  for (let round = -1; round < (full ? 7 : 4); round++) {
    const widths = Array.from({ length: size }, (_, index) => 480 + (round + 1) * size + index);
    for (const name of round % 2 === 0 ? names : names.toReversed()) {
      // Others may take seconds per AVIF, as sharp does by default; a third of the batch tells as much.
      const isSlow = format === 'avif' && name !== 'pictor' && name !== 'bare';
      const share = isSlow ? widths.slice(0, size / 3) : widths;
      const { cpuSeconds, seconds } = await lanes[name]!.batch(format, share);
      if (round >= 0)
        spent[name]!.push({ cpuSeconds: cpuSeconds / share.length, seconds: seconds / share.length });
    }
  }
  return spent;
}

/** Workers as a multiple of the cores. */
const crowds = [1, 2, 4] as const;

/** One transform per core, as it is by default, against more of them at once: what that leaves on the table. */
async function inFlight(bench: Bench): Promise<Row[]> {
  const cores = availableParallelism();
  const lanes = await Promise.all(
    crowds.map(async (times) => {
      const env = { PICTOR_CACHE_MEZZANINES: '0', PICTOR_ENGINE_WORKERS: String(times * cores) };
      return httpLane(await startPictor(bench, env), urlsOf(bench), 4 * cores);
    }),
  );
  const paces = crowds.map((): number[] => []);
  try {
    for (const lane of lanes) await lane.warm();
    const size = bench.full ? 48 : 24;
    for (let round = 0; round < (bench.full ? 7 : 4); round++) {
      const widths = Array.from({ length: size }, (_, index) => 900 + round * size + index);
      const order = [...lanes.keys()];
      for (const index of round % 2 === 0 ? order : order.toReversed())
        paces[index]!.push(size / (await lanes[index]!.batch('jpeg', widths)).seconds);
    }
  } finally {
    await Promise.all(lanes.map((lane) => lane.stop()));
  }
  bench.say('cold in flight done');
  const [usual = 0, ...more] = paces.map((each) => median(each));
  return [
    {
      scenario: 'cold 12 MP to jpeg',
      measure: 'throughput over the best of any number in flight',
      value: usual / Math.max(usual, ...more),
      unit: '×',
      bar: { atLeast: 0.92 },
      note: `${usual.toFixed(1)}/s with ${cores} at once, ${more.map((each, index) => `${each.toFixed(1)} with ${crowds[index + 1]! * cores}`).join(', ')}`,
    },
  ];
}

const urlsOf = (bench: Bench): Urls => ({
  path: (format, width) => variantPath(bench.sources.twelve, width, extension[format]),
  cheap: (width) => variantPath(bench.sources.small, width, 'jpg'),
});

function report(format: BareJob['format'], spent: Record<string, Spent[]>): Row[] {
  const scenario = `cold 12 MP to ${format}`;
  const cpu = (name: string) => median(spent[name]!.map((each) => each.cpuSeconds));
  const pace = (name: string) => 1 / median(spent[name]!.map((each) => each.seconds));
  const peers = Object.keys(spent).filter((name) => name !== 'pictor' && name !== 'bare');
  const beside = (of: (name: string) => number) => ({
    'bare sharp': of('bare'),
    ...Object.fromEntries(peers.map((name) => [name, of(name)])),
  });
  return [
    {
      scenario,
      measure: 'CPU per operation',
      value: cpu('pictor') * 1000,
      unit: 'ms',
      beside: beside((name) => cpu(name) * 1000),
    },
    { scenario, measure: 'operations per second', value: pace('pictor'), unit: '/s', beside: beside(pace) },
    {
      scenario,
      measure: 'CPU over bare sharp',
      value: median(
        spent['pictor']!.map((each, round) => each.cpuSeconds / spent['bare']![round]!.cpuSeconds),
      ),
      unit: '×',
      bar: { atMost: 1.08 },
    },
    {
      scenario,
      measure: 'throughput over bare sharp',
      value: pace('pictor') / pace('bare'),
      unit: '×',
      note: 'the client and the server of HTTP share the cores with the work',
    },
    ...peers.map((name) => ({
      scenario,
      measure: `CPU gain over ${name}`,
      value: cpu(name) / cpu('pictor'),
      unit: '×',
      ...(name === 'ipx' ? { bar: { atLeast: ipxBar[format] } } : {}),
    })),
  ];
}

/** Batches over HTTP, as many requests in flight as there are cores unless told otherwise. */
function httpLane(server: Measured, urls: Urls, requests = availableParallelism()): Lane {
  return {
    makes: (format) => urls.path(format, 100) !== null,
    warm: () =>
      madeAll(
        server,
        Array.from({ length: warmUps }, (_, index) => urls.cheap(50 + index)),
        requests,
      ),
    async batch(format, widths) {
      const cpu = server.cpuSeconds();
      const began = performance.now();
      await madeAll(
        server,
        widths.map((width) => urls.path(format, width) ?? ''),
        requests,
      );
      const seconds = (performance.now() - began) / 1000;
      return { cpuSeconds: server.cpuSeconds() - cpu, seconds };
    },
    stop: () => server.stop(),
  };
}

async function peerLane(peer: Peer, { sources }: Bench): Promise<Lane> {
  const path = (source: string, format: BareJob['format'], width: number) =>
    peer.path('cold', { source, width, format });
  const first = formats.find((format) => path(sources.small, format, 100) !== null);
  return httpLane(await peer.start(), {
    path: (format, width) => path(sources.twelve, format, width),
    cheap: (width) => (first === undefined ? '/' : path(sources.small, first, width)) ?? '/',
  });
}

function bareLane(bench: Bench): Lane {
  const child = spawn(bench.node, [join(import.meta.dirname, '../peers/bare-sharp.ts')], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    makes: () => true,
    warm: async () => {},
    async batch(format, widths) {
      const job: BareJob = { path: join(bench.sources.dir, bench.sources.twelve), format, widths };
      child.stdin.write(`${JSON.stringify(job)}\n`);
      const { value } = await answers.next();
      return JSON.parse(value as string) as Spent;
    },
    async stop() {
      child.stdin.end();
    },
  };
}
