import type { Row } from './scenarios/jobs.ts';

/** Null where a row has no bar. */
export function passes(row: Row): boolean | null {
  if (row.bar === undefined) return null;
  const { atMost = Number.POSITIVE_INFINITY, atLeast = Number.NEGATIVE_INFINITY } = row.bar;
  return row.value <= atMost && row.value >= atLeast;
}

const shown = (value: number): string => (Math.abs(value) >= 100 ? value.toFixed(0) : value.toFixed(2));

const barText = ({ bar }: Row): string =>
  [bar?.atLeast === undefined ? [] : `≥ ${bar.atLeast}`, bar?.atMost === undefined ? [] : `≤ ${bar.atMost}`]
    .flat()
    .join(', ');

const marks = { true: 'holds', false: 'MISSED', null: '' } as const;

/** The rows as aligned text. */
export function table(rows: readonly Row[]): string {
  const lines = [
    ['scenario', 'measure', 'value', 'bar', '', 'note'],
    ...rows.map((row) => [
      row.scenario,
      row.measure,
      `${shown(row.value)} ${row.unit}`,
      barText(row),
      marks[`${passes(row)}`],
      row.note ?? '',
    ]),
  ];
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

const escaped = (text: string): string => text.replace(/&/g, '&amp;').replace(/</g, '&lt;');

/** Every row with a bar as a horizontal gauge: the line is the bar, the fill is what was measured. */
export function chart(rows: readonly Row[], caption: string): string {
  const barred = rows.filter((row) => row.bar !== undefined);
  const height = 26;
  const body = barred.map((row, index) => {
    const bound = row.bar?.atMost ?? row.bar?.atLeast ?? 1;
    const scale = 220 / Math.max(bound * 1.6, row.value);
    const y = 50 + index * height;
    const colour = passes(row) === true ? '#2b8a5b' : '#c0392b';
    return [
      `<text x="10" y="${y + 13}">${escaped(row.scenario)}: ${escaped(row.measure)}</text>`,
      `<rect x="470" y="${y + 2}" width="${(row.value * scale).toFixed(1)}" height="14" rx="2" fill="${colour}"/>`,
      `<line x1="${(470 + bound * scale).toFixed(1)}" x2="${(470 + bound * scale).toFixed(1)}" y1="${y - 1}" y2="${y + 19}" stroke="#666" stroke-width="1.5"/>`,
      `<text x="705" y="${y + 13}">${shown(row.value)} ${escaped(row.unit)} (${barText(row)})</text>`,
    ].join('');
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="880" height="${60 + barred.length * height}" font-family="system-ui, sans-serif" font-size="12">
<rect width="100%" height="100%" fill="#fff"/><text x="10" y="24" font-size="15" font-weight="600">${escaped(caption)}</text>
<g fill="#222">${body.join('\n')}</g></svg>\n`;
}
