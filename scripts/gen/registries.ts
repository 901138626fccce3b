import { readdir } from 'node:fs/promises';
import path from 'node:path';
import type { Generated } from '../gen.ts';

/** The `index.gen.ts` of operations, formats and codecs: every file of the folder, by name. */
export async function generate(root: string): Promise<Generated> {
  return {
    'src/operations/index.gen.ts': await operationsIndex(root),
    'src/formats/index.gen.ts': await formatsIndex(root),
    'src/engine/codecs/index.gen.ts': await codecsIndex(root),
  };
}

const header = '// Generated from the files of this folder by `npm run gen`.\n';

const camel = (name: string) => name.replaceAll(/-(.)/g, (_, letter: string) => letter.toUpperCase());
const typeName = (name: string) => `${name[0]!.toUpperCase()}${camel(name).slice(1)}Operation`;
const key = (name: string) => (name.includes('-') ? `'${name}'` : name);

/** Names of the definitions in a folder: one per file, the file being called like it. */
async function names(folder: string): Promise<string[]> {
  const files = await readdir(folder);
  return files
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.gen.ts'))
    .map((file) => file.slice(0, -3))
    .toSorted();
}

/** `name: exportedConst` of a registry; the short form where both are alike. */
const entry = (name: string, value: string) => (name === value ? `  ${name},` : `  ${key(name)}: ${value},`);

async function operationsIndex(root: string): Promise<string> {
  const folder = path.join(root, 'src/operations');
  const all = await names(folder);
  const steps: [step: string, renderer: string][] = [];
  for (const name of all) {
    const file = (await import(path.join(folder, `${name}.ts`))) as Record<
      string,
      { name: string; renders?: object }
    >;
    const definition = file[camel(name)];
    if (definition?.name !== name)
      throw new Error(`src/operations/${name}.ts must export ${camel(name)} with that name`);
    for (const step of Object.keys(definition.renders ?? {})) {
      steps.push([step, `${camel(name)}.renders${step.includes('-') ? `['${step}']` : `.${step}`}`]);
    }
  }
  return `${header}
import type { StepName, StepRenderer } from '../core/operation.ts';
${all.map((name) => `import { ${camel(name)}, type ${typeName(name)} } from './${name}.ts';`).join('\n')}

/** Every operation by name. */
export const operations = {
${all.map((name) => entry(name, camel(name))).join('\n')}
} as const;

/** What a request can ask for. */
export type Operation =
${all.map((name) => `  | ${typeName(name)}`).join('\n')};

/** Who renders which step. */
export const renderers: { readonly [N in StepName]: StepRenderer<N> } = {
${steps
  .toSorted(([a], [b]) => (a < b ? -1 : 1))
  .map(([step, renderer]) => `  ${key(step)}: ${renderer},`)
  .join('\n')}
};
`;
}

async function formatsIndex(root: string): Promise<string> {
  const all = await names(path.join(root, 'src/formats'));
  return `${header}
${all.map((name) => `import { ${name} } from './${name}.ts';`).join('\n')}

/** Every format by name. */
export const formats = {
${all.map((name) => `  ${name},`).join('\n')}
} as const;

/** Name of a format pictor reads or writes. */
export type FormatName = keyof typeof formats;
`;
}

async function codecsIndex(root: string): Promise<string> {
  const all = await names(path.join(root, 'src/engine/codecs'));
  return `${header}
import type { Codec } from '../codec.ts';
${all.map((name) => `import { ${name} } from './${name}.ts';`).join('\n')}

/** Every codec of our own, by the name of its format. */
export const codecs: ReadonlyMap<string, Codec> = new Map<string, Codec>(
  [${all.join(', ')}].map((codec) => [codec.name, codec]),
);
`;
}
