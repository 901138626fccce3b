import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { urlOptions } from '../../../../src/dialects/imageproxy/options.ts';

const root = path.join(import.meta.dirname, '../../../..');
const page = readFileSync(path.join(root, 'docs/dialects/imageproxy.md'), 'utf8');
const quoted = (text: string) => [...text.matchAll(/`([^`]+)`/g)].map((match) => match[1]!);
const begin = (syntax: string) => syntax.replace(/\{.*$/, '');

test('the page lists the options there are', () => {
  const table = /\| option \| meaning .*?\n\n/s.exec(page)?.[0] ?? '';
  const listed = table
    .split('\n')
    .slice(2)
    .flatMap((line) => quoted(line.split(' | ')[0] ?? ''));
  // Sizes are what is left when no word and no prefix fits.
  const sizes = ['{width}x{height}', '{width}x', 'x{height}', '{both}'];
  assert.deepEqual(
    listed
      .filter((syntax) => !sizes.includes(syntax))
      .map(begin)
      .toSorted(),
    urlOptions.map(({ syntax }) => begin(syntax)).toSorted(),
  );
});

test('every vector and table the page names is there', () => {
  const folder = path.join(root, 'test/golden/dialects');
  const files = readdirSync(folder)
    .filter((file) => /^imageproxy.*\.json$/.test(file))
    .map((file) => JSON.parse(readFileSync(path.join(folder, file), 'utf8')) as Record<string, unknown>);
  const tables = new Set(files.flatMap((file) => Object.keys(file)));
  const names = new Set(files.flatMap((file) => Object.values(file).flatMap(namesIn)));
  const ledger = page.slice(page.indexOf('## Where we differ')).split('\n');
  const cells = ledger.filter((line) => line.startsWith('| ')).map((line) => line.split(' | ').at(-1) ?? '');
  const named = cells.flatMap((cell) => [...cell.matchAll(/(table )?\*([^*]+)\*/g)]);
  assert.ok(named.length > 15);
  for (const [text, table, name = ''] of named) {
    assert.ok((table === undefined ? names : tables).has(name), `there is no ${text}`);
  }
});

const namesIn = (list: unknown): string[] =>
  Array.isArray(list) ? list.flatMap((row: { readonly name?: string }) => row.name ?? []) : [];
