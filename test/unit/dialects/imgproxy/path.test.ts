import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { preparePath } from '../../../../src/dialects/imgproxy/v4-path.ts';

const file = path.join(import.meta.dirname, '../../../golden/dialects/imgproxy-v4.json');
const { paths } = JSON.parse(readFileSync(file, 'utf8')) as {
  readonly paths: readonly {
    readonly authority: string;
    readonly given: string;
    readonly prepared: string;
  }[];
};

for (const { authority, given, prepared } of paths) {
  test(`${given} is signed as ${prepared} (${authority})`, () => assert.equal(preparePath(given), prepared));
}
