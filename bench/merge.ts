import { aligned } from './report.ts';
import { barText, passes, type RunResult, type RunRow, shown } from './results.ts';

/** One measure over several runs. */
export interface MergedRow {
  readonly row: RunRow;
  /** In the order of the runs. */
  readonly values: readonly number[];
  /** What each run says of it. */
  readonly byRun: readonly (RunRow | undefined)[];
  /** Whether it held its bar in every run; null: it has none, or was not measured in each. */
  readonly holds: boolean | null;
}

const nameOf = ({ group, scenario, measure }: RunRow): string => `${group}\n${scenario}\n${measure}`;

/** The rows of several runs of one suite, each with its value of every run. */
export function merge(runs: readonly RunResult[]): MergedRow[] {
  // By name, as the first run that has it says it: one that failed half-way lacks some.
  const named = new Map(
    runs.flatMap(({ rows }) => rows.map((row) => [nameOf(row), row] as const)).toReversed(),
  );
  const names = new Set(runs.flatMap(({ rows }) => rows.map(nameOf)));
  return [...names].map((name) => {
    const row = named.get(name)!;
    const same = runs.map(({ rows }) => rows.find((each) => nameOf(each) === name));
    const all = same.filter((each): each is RunRow => each !== undefined && each.skipped === undefined);
    const verdicts = all.map((each) => passes(each));
    const isWhole = all.length === runs.length;
    return {
      row,
      values: all.map(({ value }) => value),
      byRun: same,
      holds: !isWhole || verdicts[0] === null ? null : verdicts.every((verdict) => verdict === true),
    };
  });
}

/** Why these runs cannot be taken together; empty: they can. */
export function unlike(runs: readonly RunResult[]): string[] {
  const facts = (pick: (run: RunResult) => unknown) =>
    new Set(runs.map((run) => JSON.stringify(pick(run)))).size > 1;
  return [
    facts(({ machine }) => machine) ? 'they ran on different machines' : [],
    facts(({ versions }) => versions) ? 'versions differ' : [],
    facts(({ full }) => full) ? 'some are quick runs, some full ones' : [],
  ].flat();
}

/** One verdict over several runs, as text. */
export function verdict(runs: readonly RunResult[]): { readonly text: string; readonly holds: boolean } {
  const rows = merge(runs).filter(({ row }) => row.bar !== undefined);
  const missed = rows.filter(({ holds }) => holds === false);
  const unknown = rows.filter(({ holds }) => holds === null);
  const lines = rows.map(({ row, values, holds }) => [
    row.scenario,
    row.measure,
    barText(row),
    values.map(shown).join('  '),
    row.unit,
    holds === null ? 'not measured in each run' : holds ? 'holds' : 'MISSED',
  ]);
  const summary =
    missed.length === 0 && unknown.length === 0
      ? `all ${rows.length} bars hold in ${runs.length} runs`
      : `${rows.length - missed.length - unknown.length} of ${rows.length} bars hold in all of ${runs.length} runs; ${missed.length} missed, ${unknown.length} not measured in each`;
  return {
    text: `${aligned([['scenario', 'measure', 'bar', 'runs', '', ''], ...lines])}\n\n${summary}`,
    holds: missed.length === 0 && unknown.length === 0,
  };
}
