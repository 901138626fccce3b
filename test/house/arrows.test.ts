/**
 * The shape of the house: which folder may import which, and what each may touch. The tables below are the rule;
 * docs/adr/0003-request-plan-engine.md says why.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { filesBelow, repositoryRoot } from '../support/repository.ts';
import { codeOnly, importsOf } from '../support/source-scan.ts';

/** Imports point to a lower number only; within one number, to the same folder only. */
const bands: Readonly<Record<string, number>> = {
  index: 8,
  cli: 7,
  app: 6,
  client: 6,
  http: 5,
  service: 4,
  config: 4,
  sources: 4,
  stores: 4,
  hooks: 4,
  observe: 4,
  engine: 4,
  buckets: 4,
  cloud: 3,
  disk: 3,
  outbox: 3,
  dialects: 3,
  plan: 3,
  request: 2,
  operations: 1,
  formats: 1,
  core: 0,
  lib: -1,
};

/** Bands that run in a browser too: no `node:` module, no `process`, no `Buffer`. */
const pure = new Set(['lib', 'core', 'operations', 'formats', 'request', 'dialects', 'plan', 'client']);

/** Implementations behind ports: only the composition root (and the list of public names) may name them. */
const adapters = new Set(['buckets', 'sources', 'stores', 'hooks', 'observe', 'engine']);
const mayNameAdapters = new Set(['app', 'index']);

interface SourceFile {
  readonly name: string;
  readonly folder: string;
  readonly text: string;
}

const sources: readonly SourceFile[] = filesBelow('src')
  .filter((name) => name.endsWith('.ts'))
  .map((name) => ({
    name,
    folder: name === 'src/index.ts' ? 'index' : name.split('/')[1]!,
    text: readFileSync(path.join(repositoryRoot, name), 'utf8'),
  }));

const relativeImports = ({ name, text }: SourceFile) =>
  importsOf(text)
    .filter(({ from }) => from.startsWith('.'))
    .map(({ from }) => path.posix.join(path.posix.dirname(name), from));

const folderOf = (file: string) => (file === 'src/index.ts' ? 'index' : file.split('/')[1]!);

test('every folder of src has a band', () => {
  const unknown = new Set(
    sources.map(({ folder }) => folder).filter((folder) => bands[folder] === undefined),
  );
  assert.deepEqual([...unknown], []);
});

test('imports point down', () => {
  const wrong = sources.flatMap((source) =>
    relativeImports(source)
      .filter((target) => {
        const to = folderOf(target);
        return !target.startsWith('src/') || (to !== source.folder && !(bands[to]! < bands[source.folder]!));
      })
      .map((target) => `${source.name} -> ${target}`),
  );
  assert.deepEqual(wrong, []);
});

test('adapters are named by the composition root alone', () => {
  const wrong = sources.flatMap((source) =>
    mayNameAdapters.has(source.folder)
      ? []
      : relativeImports(source)
          .filter((target) => adapters.has(folderOf(target)) && folderOf(target) !== source.folder)
          .map((target) => `${source.name} -> ${target}`),
  );
  assert.deepEqual(wrong, []);
});

test('pure bands touch neither Node nor its globals', () => {
  const wrong = sources
    .filter(({ folder }) => pure.has(folder))
    .flatMap(({ name, text }) => {
      const modules = importsOf(text).filter(({ from }) => from.startsWith('node:'));
      const globals =
        codeOnly(text).match(/(?<![.\w$])(?:process\s*[.?[]|Buffer\b|__dirname\b|require\s*\()/g) ?? [];
      return [
        ...modules.map(({ from }) => `${name}: ${from}`),
        ...globals.map((global) => `${name}: ${global}`),
      ];
    });
  assert.deepEqual(wrong, []);
});

test('environment and arguments are read in config/ and cli/main.ts only', () => {
  const wrong = sources
    .filter(({ name, folder }) => folder !== 'config' && name !== 'src/cli/main.ts')
    .filter(({ text }) => {
      const named = importsOf(text).some(
        ({ from, names }) =>
          /^(node:)?process$/.test(from) && names.some((each) => /^(env|argv)\b/.test(each)),
      );
      return named || /\bprocess\s*\??\.\s*(?:env|argv)\b/.test(codeOnly(text));
    })
    .map(({ name }) => name);
  assert.deepEqual(wrong, []);
});

test('sharp is loaded under engine/ only', () => {
  const wrong = sources
    .filter(({ folder }) => folder !== 'engine')
    .filter(({ text }) => importsOf(text).some(({ from, typeOnly }) => from === 'sharp' && !typeOnly))
    .map(({ name }) => name);
  assert.deepEqual(wrong, []);
});

test('the SDKs of cloud providers are loaded under cloud/ only, and with the first use', () => {
  const wrong = sources.flatMap(({ name, folder, text }) =>
    importsOf(text)
      .filter(({ from, typeOnly }) => from.startsWith('@aws-sdk/') && !typeOnly)
      .filter(({ from }) => folder !== 'cloud' || !text.includes(`await import('${from}')`))
      .map(({ from }) => `${name}: ${from}`),
  );
  assert.deepEqual(wrong, []);
});

test('files stay readable: at most 400 lines, generated ones aside', () => {
  const long = sources
    .filter(({ name }) => !name.endsWith('.gen.ts'))
    .map(({ name, text }) => ({ name, lines: text.split('\n').length }))
    .filter(({ lines }) => lines > 400);
  assert.deepEqual(long, []);
});
