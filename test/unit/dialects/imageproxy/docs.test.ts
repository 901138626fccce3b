import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { urlOptions } from '../../../../src/dialects/imageproxy/options.ts';
import { checkLedger } from '../../../support/dialect-ledger.ts';

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
  checkLedger(page, { files: /^imageproxy(?:-.*)?\.json$/, atLeast: 16 });
});
