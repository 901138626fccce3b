/**
 * `npm run bench` measures what the design promises, as ratios within one run, in three minutes on two cores.
 * `-- --full` takes more rounds, `-- --help` tells the rest. Ends with 1 when a bar is missed.
 */
import { parseArgs } from 'node:util';
import { mergeFiles, publish } from './files.ts';
import { run } from './run.ts';
import { scenarios, scenariosOf } from './scenarios.ts';

const help = `npm run bench [-- FLAGS]
  --full           more rounds and operations: about fifteen minutes instead of three, and batches
  --runs N         so many runs, one after the other, and one verdict over all of them
  --only NAMES     some scenarios, with commas: ${Object.keys(scenarios).join(', ')}
  --peer FILE      measures another server as well, as the JSON file says (may come more than once)
  --program FILE   measures another build: its dist/pictor.js
  --no-build       measures dist/ as it is
npm run bench -- --merge FILE FILE FILE
                   one verdict over runs that were made before
npm run bench -- --publish FILE …
                   takes these runs as those that docs/benchmarks.md shows; then: npm run gen
`;

const { values, positionals } = read();

if (values.help) {
  console.log(help);
} else if (values.merge || values.publish) {
  const { text, holds } = values.publish ? publish(positionals) : mergeFiles(positionals);
  console.log(text);
  process.exitCode = holds ? 0 : 1;
} else {
  const only = values.only?.split(',') ?? scenariosOf({ full: values.full });
  const unknown = only.filter((name) => !Object.hasOwn(scenarios, name));
  if (unknown.length > 0)
    misused(`unknown scenario ${unknown.join(', ')}; there are ${Object.keys(scenarios).join(', ')}`);
  const count = Number(values.runs);
  if (!Number.isInteger(count) || count < 1)
    misused(`--runs ${values.runs}: expected a whole number from 1 on`);
  if (positionals.length > 0) misused(`unexpected ${positionals.join(' ')}`);
  const holds = await run({
    full: values.full,
    only,
    peers: values.peer,
    ...(values.program === undefined ? {} : { program: values.program }),
    build: !values['no-build'],
    runs: count,
  });
  process.exitCode = holds ? 0 : 1;
}

function read() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        full: { type: 'boolean', default: false },
        runs: { type: 'string', default: '1' },
        only: { type: 'string' },
        peer: { type: 'string', multiple: true, default: [] },
        program: { type: 'string' },
        'no-build': { type: 'boolean', default: false },
        merge: { type: 'boolean', default: false },
        publish: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
  } catch (error) {
    return misused(error instanceof Error ? error.message : String(error));
  }
}

function misused(problem: string): never {
  console.error(`${problem}\n\n${help}`);
  process.exit(2);
}
