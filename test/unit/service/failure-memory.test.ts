import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PictorError } from '../../../src/core/errors.ts';
import { createFailureMemory } from '../../../src/service/failure-memory.ts';

function setUp() {
  let clock = Date.parse('2026-01-01T00:00:00Z');
  const memory = createFailureMemory(() => clock);
  return { memory, pass: (seconds: number) => (clock += seconds * 1000) };
}

test('a failure comes back as a new error with the same facts, without cause, its detail cut', () => {
  const { memory } = setUp();
  const failure = new PictorError('SOURCE_NOT_FOUND', {
    detail: 'x'.repeat(10_000),
    cause: new Error('socket'),
    upstreamStatus: 410,
    retryAfterSeconds: 7,
  });
  memory.remember('a', failure);
  const first = memory.recall('a');
  assert.notEqual(first, failure);
  assert.notEqual(first, memory.recall('a'));
  assert.deepEqual(
    [first?.code, first?.upstreamStatus, first?.retryAfterSeconds, first?.detail, first?.cause],
    ['SOURCE_NOT_FOUND', 410, 7, 'x'.repeat(500), undefined],
  );
});

test('it is forgotten after the time in the catalogue, and when the clock turns out to have been ahead', () => {
  const { memory, pass } = setUp();
  memory.remember('a', new PictorError('SOURCE_NOT_FOUND'));
  pass(9);
  assert.equal(memory.recall('a')?.code, 'SOURCE_NOT_FOUND');
  pass(2);
  assert.equal(memory.recall('a'), null);
  memory.remember('a', new PictorError('SOURCE_NOT_FOUND'));
  pass(-3600);
  assert.equal(memory.recall('a'), null);
});

test('what the catalogue does not want remembered is not', () => {
  const { memory } = setUp();
  memory.remember('a', new PictorError('BUSY'));
  assert.equal(memory.recall('a'), null);
});

test('long names take no more than a fixed amount of memory: the oldest are forgotten', () => {
  const { memory } = setUp();
  const names = Array.from({ length: 100 }, (_, index) => `${index} ${'x'.repeat(100_000)}`);
  for (const name of names) memory.remember(name, new PictorError('SOURCE_NOT_FOUND'));
  const kept = names.filter((name) => memory.recall(name) !== null);
  assert.ok(kept.length < 50 && kept.at(-1) === names.at(-1), `${kept.length} kept`);
});
