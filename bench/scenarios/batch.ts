import { spawn } from 'node:child_process';
import { appendFileSync, copyFileSync, existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { endedChildrenSeconds, median } from '../processes.ts';
import type { Bench, Row, Spent } from './jobs.ts';

/** Processor time of a program from its start to its end, with everything it started. */
async function run(node: string, args: readonly string[]): Promise<Spent> {
  const cpu = endedChildrenSeconds();
  const began = performance.now();
  const child = spawn(node, args, { stdio: ['ignore', 'ignore', 'inherit'] });
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

/** A folder of pictures, one variant each: `pictor image-server cli` against sharp in a loop. Starts and ends count. */
export async function batch(bench: Bench): Promise<Row[]> {
  const count = bench.full ? 1000 : 300;
  const folder = makeFolder(bench, count);
  const [store, results] = ['batch-store', 'batch-results'].map((name) => join(bench.sources.dir, name));
  const wish = ['--namespace', 'bench', '--outputs', 'w800.jpg'];
  const lanes = {
    pictor: [bench.program, 'image-server', 'cli', folder, ...wish, '--local_base_path', store!],
    bare: [join(import.meta.dirname, '../peers/bare-folder.ts'), folder, results!],
  };
  const spent: Record<keyof typeof lanes, Spent[]> = { pictor: [], bare: [] };
  for (let round = 0; round < 3; round += 1) {
    const order = ['pictor', 'bare'] as const;
    for (const name of round % 2 === 0 ? order : order.toReversed()) {
      for (const each of [store!, results!]) rmSync(each, { recursive: true, force: true });
      mkdirSync(results!);
      spent[name].push(await run(bench.node, lanes[name]));
      const made = readdirSync(name === 'bare' ? results! : store!, { recursive: true });
      const wanted = made.filter((file) => /(?:w800|^\d+)\.jpg$/.test(String(file))).length;
      if (wanted !== count) throw new Error(`${name} made ${wanted} of ${count} pictures`);
    }
    bench.say(`batch round ${round + 1} done`);
  }
  for (const each of [store!, results!]) rmSync(each, { recursive: true, force: true });
  const [ours, bare] = [spent.pictor, spent.bare];
  const scenario = `batch of ${count} pictures`;
  return [
    {
      scenario,
      measure: 'CPU over bare sharp',
      value: median(ours.map((each, round) => each.cpuSeconds / bare[round]!.cpuSeconds)),
      unit: '×',
      bar: { atMost: 1.1 },
      note: `${median(ours.map((each) => each.cpuSeconds)).toFixed(1)} s, bare ${median(bare.map((each) => each.cpuSeconds)).toFixed(1)} s`,
    },
    {
      scenario,
      measure: 'pace over bare sharp',
      value: median(ours.map((each, round) => bare[round]!.seconds / each.seconds)),
      unit: '×',
    },
  ];
}
