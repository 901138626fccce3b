import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { v4Options } from '../../../../src/dialects/imgproxy/v4-options.ts';

const root = path.join(import.meta.dirname, '../../../..');
const page = readFileSync(path.join(root, 'docs/dialects/imgproxy.md'), 'utf8');
const quoted = (text: string) => [...text.matchAll(/`([^`]+)`/g)].map((match) => match[1]!);

test('the page lists the options there are, with their aliases', () => {
  const table = /\| option \| aliases .*?\n\n/s.exec(page)?.[0] ?? '';
  const rows = table
    .split('\n')
    .slice(2)
    .filter((line) => line !== '');
  const listed = rows.map((line) => {
    const [, name = '', aliases = ''] = line.split('|');
    return [...quoted(name), ...quoted(aliases)];
  });
  assert.deepEqual(
    listed,
    v4Options.map((option) => [...option.names]),
  );
});

test('every vector the page names is there', () => {
  const folder = path.join(root, 'test/golden/dialects');
  const names = readdirSync(folder)
    .filter((file) => file.startsWith('imgproxy-'))
    .flatMap((file) => namesIn(JSON.parse(readFileSync(path.join(folder, file), 'utf8'))));
  const ledger = page.slice(page.indexOf('## Where we differ'));
  const cells = ledger
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .map((line) => line.split(' | ').at(-1) ?? '');
  const named = cells.flatMap((cell) => [...cell.matchAll(/\*([^*]+)\*/g)].map((match) => match[1]!));
  assert.ok(named.length > 30);
  for (const name of named) {
    assert.ok(
      names.some((each) => each === name || (name.endsWith('…') && each.startsWith(name.slice(0, -1)))),
      `no vector is called "${name}"`,
    );
  }
});

interface Named {
  readonly name?: string;
  readonly authority?: string;
}

const namesIn = (file: Readonly<Record<string, unknown>>): string[] =>
  Object.values(file)
    .filter((list): list is readonly Named[] => Array.isArray(list))
    .flatMap((list) => list.flatMap(({ name, authority }) => [name ?? '', authority ?? '']));
