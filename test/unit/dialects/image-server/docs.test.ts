import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { checkLedger } from '../../../support/dialect-ledger.ts';

const root = path.join(import.meta.dirname, '../../../..');
const page = readFileSync(path.join(root, 'docs/dialects/image-server.md'), 'utf8');

test('every vector and table the page names is there', () => {
  checkLedger(page, { files: /^image-server(?:-.*)?\.json$/, atLeast: 16 });
});
