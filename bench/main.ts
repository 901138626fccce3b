/**
 * `npm run bench` measures what the design promises, as ratios within one run. `-- --full` takes more rounds, `-- --only
 * cold,hits` some scenarios. Writes `bench/results/latest.json` and `latest.svg`; ends with 1 when a bar is missed.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { loadTool } from './load.ts';
import { chart, passes, table } from './report.ts';
import { batch } from './scenarios/batch.ts';
import { coalescing } from './scenarios/coalescing.ts';
import { cold } from './scenarios/cold.ts';
import { hits } from './scenarios/hits.ts';
import type { Bench, Row } from './scenarios/jobs.ts';
import { memory } from './scenarios/memory.ts';
import { overload } from './scenarios/overload.ts';
import { parse } from './scenarios/parse.ts';
import { reuse } from './scenarios/reuse.ts';
import { start } from './scenarios/start.ts';
import { makeSources } from './sources.ts';

const scenarios = { start, parse, cold, reuse, hits, coalescing, overload, memory, batch } as const;
type Name = keyof typeof scenarios;

const { values } = parseArgs({
  options: {
    full: { type: 'boolean', default: false },
    only: { type: 'string' },
    'no-build': { type: 'boolean', default: false },
  },
});
const wanted = (values.only?.split(',') ?? Object.keys(scenarios)) as Name[];
const unknown = wanted.filter((name) => !(name in scenarios));
if (unknown.length > 0) {
  console.error(`unknown scenario ${unknown.join(', ')}; there are ${Object.keys(scenarios).join(', ')}`);
  process.exit(2);
}

const root = join(import.meta.dirname, '..');
const program = join(root, 'dist/pictor.js');
if (!values['no-build'] || !existsSync(program)) {
  console.error('building the bundle …');
  execFileSync(process.execPath, [join(root, 'scripts/build.ts')], {
    stdio: ['ignore', 'ignore', 'inherit'],
    cwd: root,
  });
}
console.error('making sources …');
const bench: Bench = {
  full: values.full,
  sources: await makeSources(join(tmpdir(), 'pictor-bench-sources')),
  program,
  node: process.execPath,
  say: (line) => console.error(line),
};

const rows: Row[] = [];
for (const name of wanted) rows.push(...(await scenarios[name](bench)));

const version = (JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }).version;
const facts = {
  date: new Date().toISOString(),
  command: `npm run bench${process.argv.length > 2 ? ` -- ${process.argv.slice(2).join(' ')}` : ''}`,
  versions: { pictor: version, node: process.version, sharp: sharpVersion() },
  machine: {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
  },
  load: loadTool,
};
const results = join(root, 'bench/results');
mkdirSync(results, { recursive: true });
writeFileSync(join(results, 'latest.json'), `${JSON.stringify({ ...facts, rows }, null, 2)}\n`);
writeFileSync(
  join(results, 'latest.svg'),
  chart(
    rows,
    `pictor ${version}, ${facts.machine.cpu}, ${facts.machine.cores} cores, ${facts.date.slice(0, 10)}`,
  ),
);
console.log(table(rows));
const missed = rows.filter((row) => passes(row) === false);
console.log(
  missed.length === 0
    ? '\nall bars hold'
    : `\n${missed.length} of ${rows.filter((row) => row.bar !== undefined).length} bars missed`,
);
process.exit(missed.length === 0 ? 0 : 1);

function sharpVersion(): string {
  return (
    JSON.parse(readFileSync(join(root, 'node_modules/sharp/package.json'), 'utf8')) as { version: string }
  ).version;
}
