import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { underRules } from '../../../src/service/source-rules.ts';

interface Row {
  readonly minSeconds: number;
  readonly force: boolean;
  readonly given: string | null;
  readonly result: string | null;
  readonly expiresIn?: number;
  readonly expiresGone?: boolean;
}

const file = path.join(import.meta.dirname, '../../golden/dialects/imageproxy-http.json');
const { cacheControl } = JSON.parse(readFileSync(file, 'utf8')) as { readonly cacheControl: readonly Row[] };
const date = 'Mon, 02 Jan 2006 15:04:05 GMT';

for (const { minSeconds, force, given, result, expiresIn, expiresGone } of cacheControl) {
  test(`at least ${minSeconds} s, force ${force}: ${given} with Expires in ${expiresIn}`, () => {
    const expires =
      expiresIn === undefined ? undefined : new Date(Date.parse(date) + expiresIn * 1000).toUTCString();
    const headers = {
      date,
      ...(given === null ? {} : { 'cache-control': given }),
      ...(expires === undefined ? {} : { expires }),
    };
    const rules = { name: 'test', anyAnswer: true, minSeconds, force };
    const ruled = underRules({ status: 200, headers }, rules);
    assert.equal(ruled.headers['cache-control'], result ?? undefined);
    assert.equal(ruled.headers['expires'], expiresGone === true ? undefined : expires);
    assert.deepEqual(underRules(ruled, rules), ruled, 'applied to what a 304 renewed it is the same');
  });
}

test('commas in quotes do not part directives', () => {
  const rules = { name: 'test', anyAnswer: true, minSeconds: 0, force: true };
  const headers = { 'cache-control': 'x="private, no-store", private, max-age=5' };
  assert.equal(
    underRules({ status: 200, headers }, rules).headers['cache-control'],
    'max-age=5, x="private, no-store"',
  );
});
