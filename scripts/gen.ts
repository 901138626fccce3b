/**
 * `npm run gen` writes every generated file; `--check` writes nothing and fails when one is stale.
 * A generator is a file in scripts/gen/ that exports `generate`.
 */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { argv, exit } from 'node:process';

const root = path.dirname(import.meta.dirname);

/** Text of each generated file, by path from the repository's root. */
export type Generated = Readonly<Record<string, string>>;

interface Generator {
  generate(root: string): Generated | Promise<Generated>;
}

/** Other generators load what these write. */
const first = ['registries.ts', 'dialects.ts'];

async function* allGenerated(): AsyncGenerator<[string, string]> {
  const folder = path.join(import.meta.dirname, 'gen');
  const names = (await readdir(folder)).filter((each) => each.endsWith('.ts')).toSorted();
  for (const name of [...first, ...names.filter((each) => !first.includes(each))]) {
    const generator = (await import(path.join(folder, name))) as Generator;
    yield* Object.entries(await generator.generate(root));
  }
}

if (import.meta.main) {
  const checking = argv.includes('--check');
  let stale = 0;
  for await (const [name, text] of allGenerated()) {
    const file = path.join(root, name);
    const present = await readFile(file, 'utf8').catch(() => null);
    if (present === text) continue;
    stale += 1;
    console.log(`${checking ? 'stale:' : 'wrote'} ${name}`);
    if (checking) continue;
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, text);
  }
  if (checking && stale > 0) {
    console.log('Run `npm run gen` and commit the result.');
    exit(1);
  }
}
