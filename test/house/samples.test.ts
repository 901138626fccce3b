import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { repositoryRoot } from '../support/repository.ts';

const folder = path.join(repositoryRoot, 'samples');
const present = readdirSync(folder).toSorted();

test('the landing page offers every sample, and no other', () => {
  const page = readFileSync(path.join(repositoryRoot, 'playground/index.html'), 'utf8');
  const offered = [...page.matchAll(/data-source="local:\/\/\/([^"]+)"/g)].map((match) => match[1]!);
  assert.deepEqual(offered.toSorted(), present);
});

test('samples stay small: they are in every installed package', () => {
  const large = present.filter((name) => statSync(path.join(folder, name)).size > 150 * 1024);
  assert.deepEqual(large, []);
});

test('every sample is drawn by a script', () => {
  const script = readFileSync(path.join(repositoryRoot, 'scripts/samples.ts'), 'utf8');
  assert.deepEqual(
    present.filter((name) => !script.includes(`'${name}'`)),
    [],
  );
});
