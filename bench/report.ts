import { barText, noteText, passes, spanText, valueText } from './results.ts';
import type { Row } from './scenarios/jobs.ts';

const marks = { true: 'holds', false: 'MISSED', null: '' } as const;

/** The rows as aligned text. */
export function table(rows: readonly Row[]): string {
  return aligned([
    ['scenario', 'measure', 'value', 'rounds', 'bar', '', 'note'],
    ...rows.map((row) => [
      row.scenario,
      row.measure,
      valueText(row),
      spanText(row.rounds ?? []),
      barText(row),
      marks[`${passes(row)}`],
      noteText(row),
    ]),
  ]);
}

/** Lines of cells, each column as wide as its widest cell. */
export function aligned(lines: readonly (readonly string[])[]): string {
  const widths = lines[0]!.map((_, column) => Math.max(...lines.map((line) => line[column]!.length)));
  return lines
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
