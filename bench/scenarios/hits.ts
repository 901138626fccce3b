import { createHmac } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { load, loadTool } from '../load.ts';
import { hasNginx, startNginx } from '../peers/nginx.ts';
import { hasVarnish, startVarnish } from '../peers/varnish.ts';
import type { Peer } from '../peers.ts';
import { startPictor } from '../pictor.ts';
import { freePort, get, type Measured, startServer } from '../processes.ts';
import { made, untilAtRest } from '../rest.ts';
import { median, ofRounds, ratios, turnOf } from '../rounds.ts';
import { type Bench, type Row, skippedRow } from './jobs.ts';

const key = '70696374'.repeat(8);
const salt = '6f722121'.repeat(8);

function signedPath(path: string): string {
  const signature = createHmac('sha256', Buffer.from(key, 'hex'))
    .update(Buffer.from(salt, 'hex'))
    .update(path)
    .digest('base64url');
  return `/${signature}${path}`;
}

interface Contestant {
  readonly server: Measured;
  readonly path: string;
}

/** Cached answers with signature, log line and conditional checks on, against node:http alone, nginx and varnish. */
export async function hits(bench: Bench): Promise<Row[]> {
  const work = mkdtempSync(join(tmpdir(), 'pictor-bench-'));
  const rows: Row[] = [];
  const started = new Map<Peer, Measured>();
  const pictor = await startPictor(bench, { IMGPROXY_KEY: key, IMGPROXY_SALT: salt });
  try {
    for (const [label, width] of [
      ['20 KB', 400],
      ['100 KB', 1000],
    ] as const) {
      const path = signedPath(`/rs:fit:${width}:0/q:70/plain/local:///${bench.sources.twelve}@jpg`);
      const first = await get(pictor.port, path);
      if (first.status !== 200)
        throw new Error(`hit scenario: ${first.status} ${first.body.toString('utf8', 0, 200)}`);
      const root = join(work, label.replace(' ', ''));
      mkdirSync(root);
      writeFileSync(join(root, 'x.jpg'), first.body);
      const http = freePort();
      const bare = await startServer({
        command: bench.node,
        args: [join(import.meta.dirname, '../peers/bare-http.mjs'), String(http), String(first.body.length)],
        port: http,
      });
      const nginx = hasNginx ? await startNginx(root, root, http) : null;
      const varnish = hasVarnish ? await startVarnish(root, http) : null;
      const contestants: Record<string, Contestant> = {
        pictor: { server: pictor, path },
        bare: { server: bare, path: '/' },
        ...(nginx === null
          ? {}
          : { static: { server: nginx, path: '/x.jpg' }, proxy: { server: nginx, path: '/cached/x.jpg' } }),
        ...(varnish === null ? {} : { varnish: { server: varnish, path: '/x.jpg' } }),
        ...(await peersAt(width, bench, started)),
      };
      try {
        // What the first request left to do is not the hits'.
        await untilAtRest(pictor);
        rows.push(
          ...report(
            `hit of ${label} (${(first.body.length / 1024).toFixed(0)} KB)`,
            await race(contestants, bench),
          ),
        );
      } finally {
        await Promise.all([bare.stop(), nginx?.stop(), varnish?.stop()]);
      }
      bench.say(`hits ${label} done`);
    }
  } finally {
    await Promise.all([pictor, ...started.values()].map((server) => server.stop()));
    rmSync(work, { recursive: true, force: true });
  }
  return rows;
}

/** Other image servers that keep what they made: the same picture of theirs. */
async function peersAt(
  width: number,
  { peers, sources }: Bench,
  started: Map<Peer, Measured>,
): Promise<Record<string, Contestant>> {
  const contestants: Record<string, Contestant> = {};
  for (const peer of peers) {
    if (!('start' in peer)) continue;
    const path = peer.path('hits', { source: sources.twelve, width, format: 'jpeg' });
    if (path === null) continue;
    const server = started.get(peer) ?? (await peer.start());
    started.set(peer, server);
    await made(server, path);
    contestants[peer.name] = { server, path };
  }
  return contestants;
}

interface Pace {
  readonly perSecond: number;
  readonly cpuPerRequest: number;
}

/** Seconds in which code is compiled that is; the others only have to have the picture. */
const warmUpOf = (name: string): number => (['static', 'proxy', 'varnish'].includes(name) ? 0.2 : 0.8);

async function race(contestants: Record<string, Contestant>, bench: Bench): Promise<Record<string, Pace[]>> {
  const paces: Record<string, Pace[]> = Object.fromEntries(
    Object.keys(contestants).map((name) => [name, []]),
  );
  const seconds = bench.full ? 0.6 : 0.3;
  for (let round = -1; round < (bench.full ? 9 : 5); round++) {
    for (const name of turnOf(Object.keys(contestants), round)) {
      const { server, path } = contestants[name]!;
      const cpu = server.cpuSeconds();
      // The round that is not counted has everybody's code compiled.
      const { requests, perSecond } = await load(server, path, {
        seconds: round < 0 ? warmUpOf(name) : seconds,
      });
      if (round >= 0) paces[name]?.push({ perSecond, cpuPerRequest: (server.cpuSeconds() - cpu) / requests });
    }
  }
  return paces;
}

function report(scenario: string, paces: Record<string, Pace[]>): Row[] {
  const ours = paces['pictor']!;
  const over = (measure: string, peer: string, pick: (pace: Pace) => number, bar?: Row['bar']): Row => ({
    scenario,
    measure,
    ...ofRounds(ratios(ours, paces[peer]!, pick)),
    unit: '×',
    ...(bar === undefined ? {} : { bar }),
  });
  const cpu = (pace: Pace) => pace.cpuPerRequest;
  const speed = (pace: Pace) => pace.perSecond;
  const perCpuSecond = (pace: Pace) => 1 / pace.cpuPerRequest;
  const known = ['pictor', 'bare', 'static', 'proxy', 'varnish'];
  const mid = (name: string, pick: (pace: Pace) => number) => median(paces[name]!.map(pick));
  const others = Object.keys(paces).filter((name) => name !== 'pictor');
  const beside = (pick: (pace: Pace) => number) =>
    Object.fromEntries(others.map((name) => [labels[name] ?? name, mid(name, pick)]));
  const micros = (pace: Pace) => pace.cpuPerRequest * 1e6;
  return [
    {
      scenario,
      measure: 'requests per second',
      value: mid('pictor', speed),
      unit: '/s',
      note: `load by ${loadTool}`,
      beside: beside(speed),
    },
    {
      scenario,
      measure: 'CPU per request',
      value: mid('pictor', micros),
      unit: 'µs',
      beside: beside(micros),
    },
    over('CPU per request over bare node:http', 'bare', cpu, { atMost: 1.35 }),
    over('throughput over bare node:http', 'bare', speed),
    ...(paces['static'] === undefined
      ? [skippedRow(scenario, 'throughput over nginx', 'nginx is not installed')]
      : [
          over('throughput over nginx static, one worker', 'static', speed, { atLeast: 0.5 }),
          over('throughput over nginx proxy_cache, one worker', 'proxy', speed, { atLeast: 0.7 }),
        ]),
    // varnish takes as many processors as there are: what counts is what it does with one.
    paces['varnish'] === undefined
      ? skippedRow(scenario, 'requests per CPU second over varnish', 'varnish is not installed')
      : over('requests per CPU second over varnish', 'varnish', perCpuSecond, { atLeast: 0.7 }),
    ...others
      .filter((name) => !known.includes(name))
      .map((name) => over(`requests per CPU second over ${name}`, name, perCpuSecond)),
  ];
}

const labels: Readonly<Record<string, string>> = {
  bare: 'bare node:http',
  static: 'nginx static',
  proxy: 'nginx proxy_cache',
};
