import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

const root = path.join(import.meta.dirname, '../../../..');
const page = readFileSync(path.join(root, 'docs/dialects/image-server.md'), 'utf8');

test('every vector and table the page names is there', () => {
  const folder = path.join(root, 'test/golden/dialects');
  const files = readdirSync(folder)
    .filter((file) => /^image-server.*\.json$/.test(file))
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

/** Names of rows, and of the steps within them. */
const namesIn = (list: unknown): string[] =>
  Array.isArray(list)
    ? list.flatMap((row: { readonly name?: string; readonly steps?: unknown }) => [
        ...(row.name === undefined ? [] : [row.name]),
        ...namesIn(row.steps),
      ])
    : [];
