import { spawn } from 'node:child_process';
import { appendFileSync, copyFileSync, existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { endedChildrenSeconds } from '../cpu.ts';
import { endWithBench } from '../leftovers.ts';
import { median, ofRounds, ratios, turnOf } from '../rounds.ts';
import type { Bench, Row } from './jobs.ts';

/** A batch that takes longer hangs. */
const patienceMs = 300_000;

/** CPU seconds of a program from its start to its end, with everything it started. */
async function run(node: string, args: readonly string[]): Promise<number> {
  const cpu = endedChildrenSeconds();
  const child = spawn(node, args, { stdio: ['ignore', 'ignore', 'pipe'], timeout: patienceMs });
  endWithBench(child);
  // What it says of its progress belongs to no table.
  child.stderr.resume();
  const code = await new Promise<number | null>((resolve) => child.once('exit', resolve));
  if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}`);
  return endedChildrenSeconds() - cpu;
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

type Lane = 'loose' | 'store' | 'bare';

interface Folder {
  /** CPU seconds for one variant of every picture. */
  run(lane: Lane): Promise<number>;
  remove(): void;
}

/** Pictures in a folder of their own; the first lane must be the loose one, which fills the store. */
function folderOf(bench: Bench, count: number): Folder {
  const folder = makeFolder(bench, count);
  const [store, results] = [`${folder}-store`, `${folder}-results`];
  const cli = [bench.program, 'image-server', 'cli'];
  const wish = ['--namespace', 'bench', '--outputs', variant, '--local_base_path', store];
  const lanes: Record<Lane, { readonly args: readonly string[]; readonly out: string }> = {
    loose: { args: [...cli, folder, ...wish], out: store },
    store: { args: [...cli, store, ...wish], out: store },
    bare: { args: [join(import.meta.dirname, '../peers/bare-folder.ts'), folder, results], out: results },
  };
  const remove = () => {
    for (const each of [store, results]) rmSync(each, { recursive: true, force: true });
  };
  remove();
  return {
    async run(lane) {
      if (lane === 'store') emptyStore(store);
      rmSync(results, { recursive: true, force: true });
      mkdirSync(results);
      const { args, out } = lanes[lane];
      const cpuSeconds = await run(bench.node, args);
      const number = made(out);
      if (number !== count) throw new Error(`${lane} made ${number} of ${count} pictures`);
      return cpuSeconds;
    },
    remove,
  };
}

const whole = 1000;
/** Of a quick run. */
const few = 64;

/** CPU seconds for a thousand pictures: measured, or reckoned from few and from one, which is start and end. */
function thousandOf(bench: Bench): Folder {
  if (bench.full) return folderOf(bench, whole);
  const [one, some] = [folderOf(bench, 1), folderOf(bench, few)];
  return {
    async run(lane) {
      const least = await one.run(lane);
      const each = ((await some.run(lane)) - least) / (few - 1);
      return least + each * (whole - 1);
    },
    remove() {
      one.remove();
      some.remove();
    },
  };
}

/**
 * One variant of each of a thousand pictures: `pictor image-server cli` against sharp in a loop, starts and ends included. Of a
 * store that is what sharp does too; a folder of loose pictures is hashed and its originals are kept besides, which is shown
 * without a bar.
 */
export async function batch(bench: Bench): Promise<Row[]> {
  const folder = thousandOf(bench);
  const spent: Record<Lane, number[]> = { loose: [], store: [], bare: [] };
  try {
    spent.loose.push(await folder.run('loose'));
    for (let round = 0; round < 3; round += 1) {
      for (const lane of turnOf(['store', 'bare'] as const, round)) spent[lane].push(await folder.run(lane));
      bench.say(`batch round ${round + 1} done`);
    }
  } finally {
    folder.remove();
  }
  const over = (lane: 'loose' | 'store') => ofRounds(ratios(spent[lane], spent.bare, (seconds) => seconds));
  const cpu = (lane: Lane) => `${median(spent[lane]).toFixed(1)} s`;
  const scenario = `batch of ${whole} pictures`;
  const reckoned = bench.full ? '' : `; quick run: reckoned from ${few} pictures and from one`;
  return [
    {
      scenario,
      measure: 'CPU over bare sharp, originals in a store',
      ...over('store'),
      unit: '×',
      bar: { atMost: 1.1 },
      note: `${cpu('store')}, bare ${cpu('bare')}${reckoned}`,
    },
    {
      scenario,
      measure: 'CPU over bare sharp, loose pictures hashed and kept',
      ...over('loose'),
      unit: '×',
      note: `${cpu('loose')}, one round`,
    },
  ];
}
