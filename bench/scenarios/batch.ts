import { appendFileSync, copyFileSync, existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { runInTurns } from '../in-turns.ts';
import { median, ofRounds, ratios, turnOf } from '../rounds.ts';
import type { Bench, Row } from './jobs.ts';

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

type Lane = 'loose' | 'store' | 'bare';

interface Folder {
  /** CPU seconds for a variant of every picture, of each of these lanes. */
  run<Name extends Lane>(width: number, names: readonly Name[]): Promise<Record<Name, number>>;
  remove(): void;
}

/** Pictures in a folder of their own; the first lane must be the loose one, which fills the store. */
function folderOf(bench: Bench, count: number): Folder {
  const folder = makeFolder(bench, count);
  const [store, results] = [`${folder}-store`, `${folder}-results`];
  const cli = [bench.program, 'image-server', 'cli'];
  const floor = join(import.meta.dirname, '../peers/bare-folder.ts');
  const programsOf = (width: number): Readonly<Record<Lane, readonly string[]>> => {
    const wish = ['--namespace', 'bench', '--outputs', `w${width}.jpg`, '--local_base_path', store];
    return {
      loose: [...cli, folder, ...wish],
      store: [...cli, store, ...wish],
      bare: [floor, folder, results, String(width)],
    };
  };
  const made = (lane: Lane, width: number): number =>
    readdirSync(lane === 'bare' ? results : store, { recursive: true }).filter((file) =>
      String(file).endsWith(`w${width}.jpg`),
    ).length;
  const remove = () => {
    for (const each of [store, results]) rmSync(each, { recursive: true, force: true });
  };
  remove();
  mkdirSync(results);
  return {
    async run(width, names) {
      const programs = programsOf(width);
      const chosen = Object.fromEntries(names.map((name) => [name, programs[name]]));
      const cpuSeconds = await runInTurns(
        chosen as Record<(typeof names)[number], readonly string[]>,
        bench.node,
      );
      for (const name of names) {
        const number = made(name, width);
        if (number !== count) throw new Error(`${name} made ${number} of ${count} pictures`);
      }
      return cpuSeconds;
    },
    remove,
  };
}

/**
 * Another size each time, and none of them removed before the end: a file system that has just given up a thousand files
 * looks twice at each place that it gives to a new one.
 */
const widthOf = (round: number): number => 800 - 8 * round;

/** In a quick run their start and their end are so large a part that the bar says nothing. */
const pictures = { full: 1000, quick: 100 } as const;

/**
 * One variant of each of a thousand pictures, of fewer in a quick run: `pictor image-server cli` against sharp in a loop, starts
 * and ends included. Of a store that is what sharp does too; a folder of loose pictures is hashed and its originals are kept
 * besides, which is shown without a bar.
 */
export async function batch(bench: Bench): Promise<Row[]> {
  const count = bench.full ? pictures.full : pictures.quick;
  const folder = folderOf(bench, count);
  const spent: Record<Lane, number[]> = { loose: [], store: [], bare: [] };
  try {
    spent.loose.push((await folder.run(widthOf(0), ['loose'])).loose);
    for (let round = 1; round <= 3; round += 1) {
      const { store, bare } = await folder.run(widthOf(round), turnOf(['store', 'bare'] as const, round));
      spent.store.push(store);
      spent.bare.push(bare);
      bench.say(`batch round ${round} done`);
    }
  } finally {
    folder.remove();
  }
  const over = (lane: 'loose' | 'store') => ofRounds(ratios(spent[lane], spent.bare, (seconds) => seconds));
  const cpu = (lane: Lane) => `${median(spent[lane]).toFixed(1)} s`;
  const scenario = `batch of ${count} pictures`;
  return [
    {
      scenario,
      measure: 'CPU over bare sharp, originals in a store',
      ...over('store'),
      unit: '×',
      ...(bench.full ? { bar: { atMost: 1.1 } } : {}),
      note: `${cpu('store')}, bare ${cpu('bare')}${bench.full ? '' : '; quick run: no bar, as starts are a larger part'}`,
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
