import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { startPictor, variantPath } from '../pictor.ts';
import { freePort, get, type Measured, median, startServer } from '../processes.ts';
import type { BareJob, Bench, Row, Spent } from './jobs.ts';

const formats = ['jpeg', 'webp', 'avif'] as const;
const extension = { jpeg: 'jpg', webp: 'webp', avif: 'avif' } as const;
/** Cost CPU per operation may have over bare sharp, and the gain it must have over ipx (design targets). */
const ipxBar = { jpeg: 1.1, webp: 1.2, avif: 6 } as const;

const warmUps = 300;

interface Urls {
  path(format: BareJob['format'], width: number): string;
  /** A picture that is made quickly. */
  cheap(width: number): string;
}

interface Lane {
  /** Runs one batch of never-seen variants. */
  batch(format: BareJob['format'], widths: readonly number[]): Promise<Spent>;
  /** Many cheap pictures, made once. */
  warm(): Promise<void>;
  stop(): Promise<void>;
}

/** Cold transforms of one 12 MP photo: pictor against bare sharp with the same settings, and against ipx. */
export async function cold(bench: Bench): Promise<Row[]> {
  const lanes = {
    // Every variant of the one photo shall be a first one.
    pictor: await httpLane(await startPictor(bench, { PICTOR_CACHE_MEZZANINES: '0' }), urlsOf(bench)),
    bare: bareLane(bench),
    ipx: await ipxLane(bench),
  };
  const rounds = bench.full ? 7 : 4;
  const rows: Row[] = [];
  try {
    // What is compared is a server at work, not one whose code is still being compiled.
    for (const lane of [lanes.pictor, lanes.ipx]) await lane.warm();
    for (const format of formats) {
      const size = bench.full ? 24 : 12;
      const spent: Record<keyof typeof lanes, Spent[]> = { pictor: [], bare: [], ipx: [] };
      for (let round = -1; round < rounds; round++) {
        const widths = Array.from({ length: size }, (_, index) => 480 + (round + 1) * size + index);
        const order = Object.keys(lanes) as (keyof typeof lanes)[];
        for (const name of round % 2 === 0 ? order : order.toReversed()) {
          // ipx at its default effort takes seconds per AVIF; a third of the batch tells as much.
          const share = format === 'avif' && name === 'ipx' ? widths.slice(0, size / 3) : widths;
          const result = await lanes[name].batch(format, share);
          if (round >= 0)
            spent[name].push({
              cpuSeconds: result.cpuSeconds / share.length,
              seconds: result.seconds / share.length,
            });
        }
      }
      rows.push(...report(format, spent));
      bench.say(`cold ${format} done`);
    }
  } finally {
    await Promise.all(Object.values(lanes).map((lane) => lane.stop()));
  }
  return [...rows, ...(await inFlight(bench))];
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

function report(format: BareJob['format'], spent: Record<'pictor' | 'bare' | 'ipx', Spent[]>): Row[] {
  const scenario = `cold 12 MP to ${format}`;
  const cpu = (name: keyof typeof spent) => median(spent[name].map((each) => each.cpuSeconds));
  const pace = (name: keyof typeof spent) => 1 / median(spent[name].map((each) => each.seconds));
  return [
    {
      scenario,
      measure: 'CPU per operation',
      value: cpu('pictor') * 1000,
      unit: 'ms',
      note: `bare sharp ${(cpu('bare') * 1000).toFixed(1)}, ipx ${(cpu('ipx') * 1000).toFixed(1)}`,
    },
    {
      scenario,
      measure: 'CPU over bare sharp',
      value: median(spent.pictor.map((each, round) => each.cpuSeconds / spent.bare[round]!.cpuSeconds)),
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
    {
      scenario,
      measure: 'CPU gain over ipx',
      value: cpu('ipx') / cpu('pictor'),
      unit: '×',
      bar: { atLeast: ipxBar[format] },
    },
  ];
}

/** Batches over HTTP, as many requests in flight as there are cores unless told otherwise. */
async function httpLane(server: Measured, urls: Urls, requests = availableParallelism()): Promise<Lane> {
  const getAll = async (paths: string[]) => {
    const lane = async () => {
      for (let path = paths.pop(); path !== undefined; path = paths.pop()) {
        const { status, body } = await get(server.port, path);
        if (status !== 200) throw new Error(`${path} answered ${status}: ${body.toString('utf8', 0, 200)}`);
      }
    };
    await Promise.all(Array.from({ length: requests }, lane));
  };
  return {
    warm: () => getAll(Array.from({ length: warmUps }, (_, index) => urls.cheap(50 + index))),
    async batch(format, widths) {
      const cpu = server.cpuSeconds();
      const began = performance.now();
      await getAll(widths.map((width) => urls.path(format, width)));
      const seconds = (performance.now() - began) / 1000;
      return { cpuSeconds: server.cpuSeconds() - cpu, seconds };
    },
    stop: () => server.stop(),
  };
}

async function ipxLane(bench: Bench): Promise<Lane> {
  const port = freePort();
  const server = await startServer({
    command: bench.node,
    args: [join(import.meta.dirname, '../peers/ipx.ts'), bench.sources.dir, String(port)],
    port,
  });
  return httpLane(server, {
    path: (format, width) => `/w_${width},f_${format}/${bench.sources.twelve}`,
    cheap: (width) => `/w_${width},f_jpeg/${bench.sources.small}`,
  });
}

function bareLane(bench: Bench): Lane {
  const child = spawn(bench.node, [join(import.meta.dirname, '../peers/bare-sharp.ts')], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
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
