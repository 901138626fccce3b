import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startClient } from '../client.ts';
import { freePort, type Measured, startServer } from '../processes.ts';
import { untilAtRest } from '../rest.ts';
import { median, turnOf } from '../rounds.ts';
import type { Bench, Row } from './jobs.ts';

const lanes = 8;

/** Uploads of a 2 MP JPEG, no two alike, each answered when it is safe on the disk. */
export async function uploads(bench: Bench): Promise<Row[]> {
  const work = mkdtempSync(join(tmpdir(), 'pictor-bench-uploads-'));
  const count = bench.full ? 150 : 20;
  const names = Object.keys(contestants) as Name[];
  const spent = Object.fromEntries(names.map((name) => [name, [] as Pace[]])) as Record<Name, Pace[]>;
  const servers: Partial<Record<Name, Measured>> = {};
  try {
    for (const name of names) {
      const folder = join(work, name.replace(/\W/g, '-'));
      mkdirSync(folder);
      const server = await contestants[name].start(bench, folder);
      servers[name] = server;
      await race(server, contestants[name], bench, 30);
    }
    for (let round = 0; round < 3; round++)
      for (const name of turnOf(names, round))
        spent[name].push(await race(servers[name]!, contestants[name], bench, count));
    bench.say('uploads done');
  } finally {
    await Promise.all(Object.values(servers).map((server) => server.stop()));
    rmSync(work, { recursive: true, force: true });
  }
  return report(spent);
}

interface Pace {
  readonly perSecond: number;
  readonly cpuMs: number;
}

interface Contestant {
  start(bench: Bench, folder: string): Promise<Measured>;
  readonly path: string;
  /** Status of an upload that is safe. */
  readonly status: number;
}

type Name = 'image-server' | 'vip' | 'a file, fsync and rename';

const pictor =
  (dialect: 'image-server' | 'vip', settings: (folder: string) => object): Contestant['start'] =>
  (bench, folder) => {
    const port = freePort();
    return startServer({
      command: bench.node,
      args: [bench.program, 'serve'],
      port,
      path: '/health',
      env: {
        PICTOR_SERVER_BIND: `127.0.0.1:${port}`,
        PICTOR_ADMIN_BIND: '',
        PICTOR_CACHE_DIR: join(folder, 'cache'),
        PICTOR_MOUNTS: JSON.stringify([{ dialect, prefix: '/', settings: settings(join(folder, 'kept')) }]),
      },
    });
  };

const contestants: Record<Name, Contestant> = {
  'image-server': {
    start: pictor('image-server', (root) => ({ storage: { root } })),
    path: '/bench',
    status: 200,
  },
  vip: {
    start: pictor('vip', (folder) => ({ store: 'folder', folder })),
    path: '/upload/bench',
    status: 201,
  },
  'a file, fsync and rename': {
    start(bench, folder) {
      const port = freePort();
      const script = join(import.meta.dirname, '../peers/bare-upload.mjs');
      return startServer({ command: bench.node, args: [script, String(port), folder], port });
    },
    path: '/',
    status: 201,
  },
};

let sent = 0;

async function race(
  server: Measured,
  { path, status }: Contestant,
  bench: Bench,
  count: number,
): Promise<Pace> {
  const cpu = server.cpuSeconds();
  const { seen } = startClient({
    port: server.port,
    paths: Array.from({ length: count }, () => path),
    lanes,
    upload: {
      file: join(bench.sources.dir, bench.sources.small),
      // vip decodes what is declared as JPEG and writes it anew: here everybody keeps the bytes.
      type: 'application/octet-stream',
      from: sent,
    },
  });
  sent += count;
  const { answers } = await seen;
  const failed = answers.find((answer) => answer.status !== status);
  if (failed !== undefined) throw new Error(`uploads: ${path} answered ${failed.status}`);
  const seconds = Math.max(...answers.map(({ at, ms }) => at + ms)) / 1000;
  await untilAtRest(server);
  return { perSecond: count / seconds, cpuMs: ((server.cpuSeconds() - cpu) / count) * 1000 };
}

function report(spent: Record<Name, Pace[]>): Row[] {
  const scenario = 'uploads of a 2 MP JPEG, durable';
  const of = (name: Name, pick: (pace: Pace) => number) => median(spent[name].map(pick));
  const floor = 'a file, fsync and rename';
  return (['image-server', 'vip'] as const).flatMap((name): Row[] => [
    {
      scenario,
      measure: `${name}: uploads per second`,
      value: of(name, ({ perSecond }) => perSecond),
      unit: '/s',
      note: `${lanes} at once`,
      beside: { [floor]: of(floor, ({ perSecond }) => perSecond) },
    },
    {
      scenario,
      measure: `${name}: CPU per upload`,
      value: of(name, ({ cpuMs }) => cpuMs),
      unit: 'ms',
      beside: { [floor]: of(floor, ({ cpuMs }) => cpuMs) },
    },
  ]);
}
