import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

const root = path.join(import.meta.dirname, '../../../..');
const page = readFileSync(path.join(root, 'docs/dialects/s3imageserver.md'), 'utf8');

test('every vector and table the page names is there', () => {
  const files = ['s3imageserver', 's3imageserver-http'].map(
    (name) =>
      JSON.parse(readFileSync(path.join(root, `test/golden/dialects/${name}.json`), 'utf8')) as Record<
        string,
        unknown
      >,
  );
  const tables = new Set(files.flatMap((file) => Object.keys(file)));
  const names = new Set(files.flatMap((file) => Object.values(file).flatMap(namesIn)));
  const ledger = page.slice(page.indexOf('## Where we differ')).split('\n');
  const cells = ledger.filter((line) => line.startsWith('| ')).map((line) => line.split(' | ').at(-1) ?? '');
  const named = cells.flatMap((cell) => [...cell.matchAll(/(table )?\*([^*]+)\*/g)]);
  assert.ok(named.length > 15);
  for (const [text, table, name = ''] of named)
    assert.ok((table === undefined ? names : tables).has(name), `there is no ${text}`);
});

const namesIn = (list: unknown): string[] =>
  Array.isArray(list) ? list.flatMap((row: { readonly name?: string }) => row.name ?? []) : [];
