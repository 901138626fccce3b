import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { repositoryRoot } from './repository.ts';

/**
 * Every vector, and every table of them, that the last column of a page's ledger names is in the dialect's golden files.
 * @param expected.atLeast rows that name some: a page whose ledger is not found would pass
 */
export function checkLedger(
  page: string,
  expected: { readonly files: RegExp; readonly atLeast: number },
): void {
  const folder = path.join(repositoryRoot, 'test/golden/dialects');
  const files = readdirSync(folder)
    .filter((file) => expected.files.test(file))
    .map((file) => JSON.parse(readFileSync(path.join(folder, file), 'utf8')) as Record<string, unknown>);
  const tables = new Set(files.flatMap((file) => Object.keys(file)));
  const names = new Set(files.flatMap((file) => Object.values(file).flatMap(namesIn)));
  const ledger = page.slice(page.indexOf('## Where we differ')).split('\n');
  const cells = ledger.filter((line) => line.startsWith('| ')).map((line) => line.split(' | ').at(-1) ?? '');
  const named = cells.flatMap((cell) => [...cell.matchAll(/(table )?\*([^*]+)\*/g)]);
  assert.ok(named.length >= expected.atLeast, `${named.length} named`);
  for (const [text, table, name = ''] of named)
    assert.ok((table === undefined ? names : tables).has(name), `there is no ${text}`);
}

/** Names of rows, and of the steps within them. */
const namesIn = (list: unknown): string[] =>
  Array.isArray(list)
    ? list.flatMap((row: { readonly name?: string; readonly steps?: unknown }) => [
        ...(row.name === undefined ? [] : [row.name]),
        ...namesIn(row.steps),
      ])
    : [];
