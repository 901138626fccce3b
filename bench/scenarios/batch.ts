import { spawn } from 'node:child_process';
import { appendFileSync, copyFileSync, existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { endedChildrenSeconds } from '../cpu.ts';
import { endWithBench } from '../leftovers.ts';
import { median, ofRounds, ratios, turnOf } from '../rounds.ts';
import type { Bench, Row, Spent } from './jobs.ts';

/** A batch that takes longer hangs. */
const patienceMs = 300_000;

/** Processor time of a program from its start to its end, with everything it started. */
async function run(node: string, args: readonly string[]): Promise<Spent> {
  const cpu = endedChildrenSeconds();
  const began = performance.now();
  const child = spawn(node, args, { stdio: ['ignore', 'ignore', 'pipe'], timeout: patienceMs });
  endWithBench(child);
  // What it says of its progress belongs to no table.
  child.stderr.resume();
  const code = await new Promise<number | null>((resolve) => child.once('exit', resolve));
  if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}`);
  return { cpuSeconds: endedChildrenSeconds() - cpu, seconds: (performance.now() - began) / 1000 };
}

/** So many pictures that differ: bytes behind the end of a JPEG are nobody's business, but for the hash. */
function makeFolder({ sources }: Bench, count: number): string {
  const folder = join(sources.dir, `batch-${count}`);
  mkdirSync(folder, { recursive: true });
  for (let index = 0; index < count; index += 1) {
    const file = join(folder, `${index}.jpg`);
    if (existsSync(file)) continue;
    copyFileSync(join(sources.dir, sources.small), file);
    appendFileSync(file, String(index));
  }
  return folder;
}

const variant = 'w800.jpg';

const made = (folder: string): number =>
  readdirSync(folder, { recursive: true }).filter((file) => /(?:w800|(?:^|\/)\d+)\.jpg$/.test(String(file)))
    .length;

/** Removes the variants, and leaves their originals. */
function emptyStore(store: string): void {
  for (const file of readdirSync(store, { recursive: true })) {
    if (String(file).endsWith(variant)) rmSync(join(store, String(file)));
  }
}

/**
 * One variant of every picture: `pictor image-server cli` against sharp in a loop, starts and ends included. Of a store that is
 * what sharp does too; a folder of loose pictures is hashed and its originals are kept besides, which is shown without a bar.
 */
export async function batch(bench: Bench): Promise<Row[]> {
  const count = bench.full ? 1000 : 300;
  const folder = makeFolder(bench, count);
  const [store, results] = ['batch-store', 'batch-results'].map((name) => join(bench.sources.dir, name)) as [
    string,
    string,
  ];
  const cli = [bench.program, 'image-server', 'cli'];
  const wish = ['--namespace', 'bench', '--outputs', variant, '--local_base_path', store];
  const lanes = {
    loose: { args: [...cli, folder, ...wish], out: store },
    store: { args: [...cli, store, ...wish], out: store },
    bare: { args: [join(import.meta.dirname, '../peers/bare-folder.ts'), folder, results], out: results },
  };
  const spent: Record<keyof typeof lanes, Spent[]> = { loose: [], store: [], bare: [] };
  try {
    const once = async (name: keyof typeof lanes) => {
      if (name === 'store') emptyStore(store);
      rmSync(results, { recursive: true, force: true });
      mkdirSync(results);
      spent[name].push(await run(bench.node, lanes[name].args));
      const number = made(lanes[name].out);
      if (number !== count) throw new Error(`${name} made ${number} of ${count} pictures`);
    };
    // Fills the store, which the rounds then read.
    await once('loose');
    for (let round = 0; round < 3; round += 1) {
      for (const name of turnOf(['store', 'bare'] as const, round)) await once(name);
      bench.say(`batch round ${round + 1} done`);
    }
  } finally {
    for (const each of [store, results]) rmSync(each, { recursive: true, force: true });
  }
  const over = (name: 'loose' | 'store') =>
    ofRounds(ratios(spent[name], spent.bare, ({ cpuSeconds }) => cpuSeconds));
  const cpu = (name: keyof typeof lanes) => median(spent[name].map((each) => each.cpuSeconds)).toFixed(1);
  const scenario = `batch of ${count} pictures`;
  return [
    {
      scenario,
      measure: 'CPU over bare sharp, originals in a store',
      ...over('store'),
      unit: '×',
      bar: { atMost: 1.1 },
      note: `${cpu('store')} s, bare ${cpu('bare')} s`,
    },
    {
      scenario,
      measure: 'CPU over bare sharp, loose pictures hashed and kept',
      ...over('loose'),
      unit: '×',
      note: `${cpu('loose')} s, one round`,
    },
  ];
}
