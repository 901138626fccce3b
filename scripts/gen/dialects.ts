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
  const imports = names.map(
    (name) => `import { ${camel(name)} } from './${name}/dialect.ts';
import { ${camel(name)}Settings } from './${name}/settings.ts';`,
  );
  const rows = names.map(
    (name) => `  ${key(name)}: { dialect: ${camel(name)}, settings: ${camel(name)}Settings },`,
  );
  const text = `// Generated from the folders beside this file by \`npm run gen\`.

${imports.join('\n')}

/** Every dialect by name, with the schema of its mounts' settings. */
export const dialects = {
${rows.join('\n')}
} as const;

/** Name of a URL language that a mount can speak. */
export type DialectName = keyof typeof dialects;
`;
  return { 'src/dialects/index.gen.ts': text };
}
