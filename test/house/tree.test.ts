/** What must not slip into the repository. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { repositoryRoot, trackedFiles } from '../support/repository.ts';

const binary = /\.(?:jpe?g|png|webp|avif|gif|tiff?|heic|bmp|ico|icc|wasm|gz|bin)$/;
const files = trackedFiles();
const skip = files === null && 'not a git checkout';

const texts = (files ?? [])
  .filter((name) => !binary.test(name))
  .map((name) => ({ name, text: readFileSync(path.join(repositoryRoot, name), 'utf8') }));

/** Lines that match, as `file:line: text`. */
function linesMatching(pattern: RegExp, choose: (name: string) => boolean = () => true): string[] {
  return texts
    .filter(({ name }) => choose(name))
    .flatMap(({ name, text }) =>
      text
        .split('\n')
        .flatMap((line, index) =>
          pattern.test(line) ? [`${name}:${index + 1}: ${line.trim().slice(0, 120)}`] : [],
        ),
    );
}

test('no path of a developer machine', { skip }, () => {
  assert.deepEqual(linesMatching(/(?<![\w./:*-])\/(?:home|Users|root|work|mnt)\/\w/), []);
  const here = repositoryRoot.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
  assert.deepEqual(linesMatching(new RegExp(`${here}(?![\\w-])`)), []);
});

test('no package registry is named: the lock file works with any', { skip }, () => {
  assert.deepEqual(linesMatching(/\bregistry\.[a-z0-9-]+\.[a-z]{2,}\b/), []);
  assert.deepEqual(
    linesMatching(/"resolved":/, (name) => name === 'package-lock.json'),
    [],
  );
});

test('no unfinished work: conflict markers, focused tests, debugger', { skip }, () => {
  assert.deepEqual(linesMatching(/^(?:<{7}|>{7}|={7})(?: |$)/), []);
  assert.deepEqual(
    linesMatching(/\b(?:test|it|describe|suite)\.only\(|\bonly: true\b|^\s*debugger;/, (name) =>
      name.endsWith('.ts'),
    ),
    [],
  );
  assert.deepEqual(
    linesMatching(/\b(?:TODO|FIXME|XXX|HACK)\b/, (name) =>
      /^(?:src|scripts|playground|bin|docs)\//.test(name),
    ),
    [],
  );
});

test('no rule of a checker is switched off in the code', { skip }, () => {
  assert.deepEqual(
    linesMatching(
      /(?:@ts-(?:ignore|nocheck|expect-error)|biome-ignore|oxlint-disable|eslint-disable)/,
      (name) =>
        /^(?:src|test|scripts|bench|playground|bin)\/.*\.(?:ts|js|css)$/.test(name) &&
        name !== 'test/house/tree.test.ts',
    ),
    [],
  );
});

test('no large file, no build output', { skip }, () => {
  const large = (files ?? [])
    .filter((name) => name !== 'package-lock.json')
    .filter((name) => readFileSync(path.join(repositoryRoot, name)).length > 512 * 1024);
  assert.deepEqual(large, []);
  assert.deepEqual(
    (files ?? []).filter((name) => /^(?:dist|data|coverage|node_modules)\/|\.tgz$/.test(name)),
    [],
  );
});
