import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ErrorCode, PictorError } from '../../../src/core/errors.ts';
import { createTransformFailures } from '../../../src/service/transform-failures.ts';

function setUp() {
  let clock = 0;
  const failures = createTransformFailures(() => clock);
  return {
    fail: (key: string, code: ErrorCode) =>
      failures.remember({ key, originals: 'photo v1' }, new PictorError(code)),
    known: (key: string, originals = 'photo v1') => failures.recall({ key, originals })?.code ?? null,
    turns: (key: string, originals = 'photo v1') => failures.turns({ key, originals }),
    pass: (seconds: number) => (clock += seconds * 1000),
  };
}

for (const code of ['WORKER_CRASHED', 'WORKER_MEMORY'] as const) {
  test(`${code} is forgiven once a minute, and is then the fault of that variant alone`, () => {
    const { fail, known, pass } = setUp();
    fail('a', code);
    assert.equal(known('a'), null);
    pass(61);
    fail('a', code);
    assert.equal(known('a'), null);
    fail('b', code);
    assert.equal(known('b'), null);
    pass(59);
    fail('a', code);
    assert.deepEqual([known('a'), known('b')], [code, null]);
  });
}

for (const code of ['IMAGE_UNKNOWN', 'IMAGE_BROKEN'] as const) {
  test(`${code} holds for every variant of the same bytes`, () => {
    const { fail, known } = setUp();
    fail('a', code);
    assert.deepEqual([known('a'), known('b'), known('a', 'photo v2')], [code, code, null]);
  });
}

test('IMAGE_TOO_LARGE may depend on the variant', () => {
  const { fail, known } = setUp();
  fail('a', 'IMAGE_TOO_LARGE');
  assert.deepEqual([known('a'), known('b')], ['IMAGE_TOO_LARGE', null]);
});

test('TIMEOUT holds for the variant; once two took too long, those of the picture take turns for a minute', async () => {
  const { fail, known, pass, turns } = setUp();
  fail('a', 'TIMEOUT');
  fail('a', 'TIMEOUT');
  assert.deepEqual([known('a'), known('b')], ['TIMEOUT', null]);
  assert.equal(turns('b'), null);
  fail('b', 'TIMEOUT');
  assert.equal(known('c'), null);
  assert.equal(turns('c', 'photo v2'), null);
  const gate = turns('c');
  const signal = new AbortController().signal;
  const leave = await gate?.enter(signal);
  const next = turns('d')?.enter(signal);
  assert.deepEqual(gate?.state(), { active: 1, waiting: 1 });
  leave?.();
  (await next)?.();
  pass(61);
  assert.equal(turns('c'), null);
});
