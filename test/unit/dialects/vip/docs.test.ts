import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

const root = path.join(import.meta.dirname, '../../../..');
const page = readFileSync(path.join(root, 'docs/dialects/vip.md'), 'utf8');

test('every vector the page names is there', () => {
  const folder = path.join(root, 'test/golden/dialects');
  const names = new Set(
    readdirSync(folder)
      .filter((file) => /^vip.*\.json$/.test(file))
      .flatMap((file) => Object.values(JSON.parse(readFileSync(path.join(folder, file), 'utf8')) as object))
      .flatMap((list) =>
        Array.isArray(list) ? list.map((row: { readonly name?: string }) => row.name) : [],
      ),
  );
  const ledger = page.slice(page.indexOf('## Where we differ')).split('\n');
  const cells = ledger.filter((line) => line.startsWith('| ')).map((line) => line.split(' | ').at(-1) ?? '');
  const named = cells.flatMap((cell) => [...cell.matchAll(/\*([^*]+)\*/g)].map((match) => match[1]!));
  assert.ok(named.length > 20);
  for (const name of named) assert.ok(names.has(name), `there is no ${name}`);
});
