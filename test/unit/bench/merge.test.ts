import assert from 'node:assert/strict';
import { test } from 'node:test';
import { merge, unlike, verdict } from '../../../bench/merge.ts';
import { pageOf } from '../../../bench/page.ts';
import type { RunResult, RunRow } from '../../../bench/results.ts';

const row = (value: number, more: Partial<RunRow> = {}): RunRow => ({
  group: 'hits',
  scenario: 'hit',
  measure: 'throughput over bare',
  value,
  unit: '×',
  bar: { atLeast: 0.5 },
  ...more,
});

const runOf = (rows: readonly RunRow[], more: Partial<RunResult> = {}): RunResult => ({
  date: '2026-01-02T03:04:05.000Z',
  seconds: 100,
  command: 'npm run bench',
  full: false,
  versions: { pictor: '1.2.3' },
  machine: { cpu: 'a processor', cores: 2, memoryGiB: 4, system: 'Linux 6' },
  load: 'wrk',
  rows,
  ...more,
});

test('a bound holds over several runs when it holds in each', () => {
  const runs = [0.6, 0.4, 0.7].map((value) => runOf([row(value)]));
  assert.deepEqual(
    merge(runs).map(({ values, holds }) => ({ values, holds })),
    [{ values: [0.6, 0.4, 0.7], holds: false }],
  );
  assert.equal(verdict(runs).holds, false);
  assert.equal(verdict([runOf([row(0.6)]), runOf([row(0.5)])]).holds, true);
});

test('a bound that was not measured in each run does not hold', () => {
  for (const second of [runOf([]), runOf([row(0, { skipped: 'not installed' })])]) {
    const { text, holds } = verdict([runOf([row(0.6)]), second]);
    assert.equal(holds, false);
    assert.match(text, /1 not measured in each/);
  }
});

test('what only a later run measured is shown, and does not hold', () => {
  const failed = row(0, { measure: 'measured to its end', unit: '', bar: { atLeast: 1 } });
  const rows = merge([runOf([failed]), runOf([row(0.6)])]);
  assert.deepEqual(
    rows.map(({ row: { measure }, values, holds }) => ({ measure, values, holds })),
    [
      { measure: 'measured to its end', values: [0], holds: null },
      { measure: 'throughput over bare', values: [0.6], holds: null },
    ],
  );
});

test('runs of different machines, builds or lengths are told apart', () => {
  const run = runOf([]);
  assert.deepEqual(unlike([run, run]), []);
  assert.deepEqual(unlike([run, { ...run, full: true }]), ['some are quick runs, some full ones']);
  assert.deepEqual(unlike([run, { ...run, versions: { pictor: '2' } }]), ['versions differ']);
});

test('the page says what does not hold, and by how much', () => {
  const runs = [
    runOf([row(0.6), row(0.2, { measure: 'other' })]),
    runOf([row(0.7), row(0.3, { measure: 'other' })]),
  ];
  const files = pageOf(runs, ['a.json', 'b.json']);
  const page = files['docs/benchmarks.md'] ?? '';
  assert.match(page, /1 of 2 bounds hold in every run/);
  assert.match(page, /- hit: other: 0\.20, 0\.30 ×, bound ≥ 0\.5/);
  assert.match(
    page,
    /\| hit \| throughput over bare \| 0\.70 × \| 0\.60 to 0\.70 \| {2}\| ≥ 0\.5 \| holds \|/,
  );
  assert.match(files['docs/images/benchmarks/hits.svg'] ?? '', /^<svg .*<\/svg>\n$/s);
});

test('the page has every bound by every run, each with the span of its rounds', () => {
  const runs = [runOf([row(0.6, { rounds: [0.5, 0.6, 0.75] })]), runOf([row(0.7)]), runOf([])];
  const page = pageOf(runs, ['a.json'])['docs/benchmarks.md'] ?? '';
  assert.match(page, /## All bounds in 3 consecutive runs/);
  assert.match(
    page,
    /\| hit \| throughput over bare \| ≥ 0\.5 \| 0\.60 × \(0\.50 to 0\.75\) \| 0\.70 × \| not measured \| \*\*missed\*\* \|/,
  );
});

test('the page says when others were at work on the machine', () => {
  const page = (others: number) =>
    pageOf([runOf([row(0.6)], { others })], ['a.json'])['docs/benchmarks.md'] ?? '';
  assert.match(page(0.02), /others took 0\.02 of 2 processors \|/);
  assert.match(page(0.7), /others took 0\.70 of 2 processors: too much for this run to mean anything/);
});
