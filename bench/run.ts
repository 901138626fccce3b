import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { cpus, release, tmpdir, totalmem, type } from 'node:os';
import { basename, isAbsolute, join, relative, resolve } from 'node:path';
import { verdictOf, writeRun } from './files.ts';
import { watchEnd } from './leftovers.ts';
import { loadTool } from './load.ts';
import { startOrigin } from './origin.ts';
import { othersText, watchOthers } from './others.ts';
import { readPeer } from './peer-file.ts';
import { type Peer, usualPeers } from './peers.ts';
import { table } from './report.ts';
import { made } from './rest.ts';
import { passes, type RunResult, type RunRow } from './results.ts';
import type { Bench, Row } from './scenarios/jobs.ts';
import { scenarios } from './scenarios.ts';
import { makeSources } from './sources.ts';

export interface RunOptions {
  readonly full: boolean;
  readonly only: readonly string[];
  /** Files that describe servers to measure. */
  readonly peers: readonly string[];
  /** Another build than the one of this folder. */
  readonly program?: string;
  /** Whether the bundle is built before. */
  readonly build: boolean;
  readonly runs: number;
}

const root = join(import.meta.dirname, '..');

/** Measures, writes and prints. @returns whether every bar held in every run */
export async function run(options: RunOptions): Promise<boolean> {
  watchEnd();
  const program = programOf(options);
  console.error('making sources …');
  const sources = await makeSources(join(tmpdir(), 'pictor-bench-photos-2'));
  const origin = await startOrigin(sources.dir);
  try {
    const ground = { node: process.execPath, sources };
    const named = options.peers.map((file) => readPeer(file, { dir: sources.dir, origin: origin.url }));
    for (const peer of named) await checkPeer(peer, sources.small);
    const bench: Bench = {
      ...ground,
      full: options.full,
      peers: [...usualPeers(ground), ...named],
      program,
      say: (line) => console.error(line),
    };
    const results: Measurement[] = [];
    for (let number = 1; number <= options.runs; number++) {
      if (options.runs > 1) bench.say(`run ${number} of ${options.runs}`);
      results.push(await measure(bench, options));
    }
    if (results.length === 1) return results[0]!.result.rows.every((row) => passes(row) !== false);
    const { text, holds } = verdictOf(results.map(({ result }) => result));
    const files = results.map(({ file }) => relative(process.cwd(), file));
    console.log(`\n${text}\n\nto show these runs: npm run bench -- --publish ${files.join(' ')}`);
    return holds;
  } finally {
    origin.close();
  }
}

interface Measurement {
  readonly result: RunResult;
  readonly file: string;
}

async function measure(bench: Bench, { only }: RunOptions): Promise<Measurement> {
  const date = new Date().toISOString();
  const began = performance.now();
  const rows: RunRow[] = [];
  const took: Record<string, number> = {};
  const othersSince = watchOthers();
  for (const group of only) {
    const since = performance.now();
    rows.push(...(await rowsOf(group, bench)).map((row) => ({ ...row, group })));
    const seconds = Math.round((performance.now() - since) / 100) / 10;
    took[group] = seconds;
    bench.say(`${group}: ${seconds.toFixed(0)} s`);
  }
  const seconds = Math.round((performance.now() - began) / 1000);
  const others = Math.round(othersSince() * 100) / 100;
  const result = { date, seconds, ...facts(bench), others, took, rows };
  const file = writeRun(result);
  console.log(table(rows));
  const missed = rows.filter((row) => passes(row) === false);
  const barred = rows.filter((row) => row.bar !== undefined);
  const times = Object.entries(took).map(([name, each]) => `${name} ${each.toFixed(0)}`);
  console.log(`\nseconds: ${times.join(', ')}`);
  console.log(othersText(others, result.machine.cores));
  if (!bench.full) console.log('quick run: fewer rounds, and peers that no bar is about in fewer of them');
  console.log(
    `\n${missed.length === 0 ? 'all bars hold' : `${missed.length} of ${barred.length} bars missed`}, ${seconds} s, ${file}`,
  );
  return { result, file };
}

/** A scenario that fails has missed what it would have measured; the others, and the runs after this one, go on. */
async function rowsOf(group: string, bench: Bench): Promise<readonly Row[]> {
  try {
    return await scenarios[group]!(bench);
  } catch (error) {
    const note = error instanceof Error ? error.message : String(error);
    bench.say(`${group} failed: ${error instanceof Error ? (error.stack ?? note) : note}`);
    return [
      { scenario: group, measure: 'measured to its end', value: 0, unit: '', bar: { atLeast: 1 }, note },
    ];
  }
}

function programOf({ program, build }: RunOptions): string {
  if (program !== undefined) {
    if (!existsSync(program)) throw new Error(`${program} does not exist`);
    return resolve(program);
  }
  const own = join(root, 'dist/pictor.js');
  if (build || !existsSync(own)) {
    console.error('building the bundle …');
    execFileSync(process.execPath, [join(root, 'scripts/build.ts')], {
      stdio: ['ignore', 'ignore', 'inherit'],
      cwd: root,
    });
  }
  return own;
}

/** A server that somebody named must work: what is wrong with it shall not be told after ten minutes. */
async function checkPeer(peer: Peer, source: string): Promise<void> {
  const server = await peer.start();
  try {
    for (const scenario of ['cold', 'srcset', 'hits', 'mixed'] as const)
      for (const format of ['jpeg', 'webp', 'avif'] as const) {
        const path = peer.path(scenario, { source, width: 100, format });
        if (path === null) continue;
        await made(server, path).catch((error: Error) => {
          throw new Error(`${peer.name}, ${scenario}: ${error.message}`);
        });
      }
  } finally {
    await server.stop();
  }
}

function facts({ full, program }: Bench): Omit<RunResult, 'date' | 'seconds' | 'rows'> {
  // Where on this machine another build lies is of no use to others.
  const flags = process.argv.slice(2).map((flag) => (isAbsolute(flag) ? basename(flag) : flag));
  return {
    command: `npm run bench${flags.length > 0 ? ` -- ${flags.join(' ')}` : ''}`,
    full,
    versions: {
      pictor: packageVersion(join(program, '../../package.json')),
      node: process.version,
      sharp: packageVersion(join(root, 'node_modules/sharp/package.json')),
      ipx: packageVersion(join(root, 'node_modules/ipx/package.json')),
      ...programVersion('nginx', ['-v']),
      ...programVersion('varnish', ['-V'], 'varnishd'),
      ...programVersion('wrk', ['-v']),
    },
    machine: {
      cpu: cpus()[0]?.model ?? 'unknown',
      cores: cpus().length,
      memoryGiB: Math.round(totalmem() / 2 ** 30),
      system: `${type()} ${release()}`,
    },
    load: loadTool,
  };
}

const packageVersion = (file: string): string =>
  existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version : 'unknown';

/** Nothing where the program is not there. */
function programVersion(name: string, args: readonly string[], command = name): Record<string, string> {
  const { stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  const found = /\d+\.\d+(?:\.\d+)?/.exec(`${stdout ?? ''}${stderr ?? ''}`);
  return found === null ? {} : { [name]: found[0] };
}
