import { readdir } from 'node:fs/promises';
import path from 'node:path';
import type { Generated } from '../gen.ts';

const camel = (name: string) => name.replaceAll(/-(.)/g, (_, letter: string) => letter.toUpperCase());
const key = (name: string) => (name.includes('-') ? `'${name}'` : name);

/** src/dialects/index.gen.ts: every folder `src/dialects/{name}` with its `dialect.ts` and `settings.ts`. */
export async function generate(root: string): Promise<Generated> {
  const entries = await readdir(path.join(root, 'src/dialects'), { withFileTypes: true });
  const names = entries
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .toSorted();
  const rows = names.map(
    (name) => `  ${key(name)}: async () => {
    const [{ ${camel(name)} }, { ${camel(name)}Settings }] = await Promise.all([
      import('./${name}/dialect.ts'),
      import('./${name}/settings.ts'),
    ]);
    return { dialect: ${camel(name)}, settings: ${camel(name)}Settings };
  },`,
  );
  const text = `// Generated from the folders beside this file by \`npm run gen\`.

/** Loads a dialect, with the schema of its mounts' settings: a start waits only for those that are spoken. */
export const dialectLoaders = {
${rows.join('\n')}
} as const;

/** Name of a URL language that a mount can speak. */
export type DialectName = keyof typeof dialectLoaders;

/** A dialect with the schema of its mounts' settings. */
export type LoadedDialect<Name extends DialectName = DialectName> = Awaited<
  ReturnType<(typeof dialectLoaders)[Name]>
>;
`;
  return { 'src/dialects/index.gen.ts': text };
}
