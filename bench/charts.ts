import type { MergedRow } from './merge.ts';
import { barText, shown } from './results.ts';

/** Of one measure over the runs: the middle one, and the span. */
interface Drawn {
  readonly label: string;
  readonly value: number;
  readonly text: string;
  readonly colour: string;
}

const width = 860;
const labelWidth = 330;
const barsFrom = labelWidth + 10;
const longest = 330;
const line = 22;

const colours = { ours: '#2b6cb0', others: '#a0aec0', holds: '#2f855a', missed: '#c53030' } as const;

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/** Value in the middle. */
export const middle = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? 0;
};

/**
 * One group of scenarios as a picture: where others were measured beside pictor, everybody's value as a bar; where there is
 * only a bound, what was measured and the bound as a line. Shapes come with their numbers, so that colour is never needed.
 * @returns null where the group has nothing to draw
 */
export function chart(title: string, rows: readonly MergedRow[]): string | null {
  const parts = rows.flatMap((row) => partOf(row) ?? []);
  if (parts.length === 0) return null;
  let y = 46;
  const drawn = parts.map((part) => {
    const text = part.draw(y);
    y += part.height;
    return text;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${y + 6}" width="${width}" height="${y + 6}" font-family="system-ui, sans-serif" font-size="13" role="img" aria-label="${escaped(title)}">
<rect width="100%" height="100%" fill="#fff"/>
<text x="12" y="28" font-size="17" font-weight="600" fill="#1a202c">${escaped(title)}</text>
<g fill="#2d3748">
${drawn.join('\n')}
</g>
</svg>
`;
}

interface Part {
  readonly height: number;
  draw(y: number): string;
}

function partOf({ row, values, holds }: MergedRow): Part | null {
  if (values.length === 0) return null;
  const value = middle(values);
  if (row.beside !== undefined && Object.keys(row.beside).length > 0) {
    const all: Drawn[] = [
      { label: 'pictor', value, text: `${shown(value)} ${row.unit}`, colour: colours.ours },
      ...Object.entries(row.beside).map(([label, each]) => ({
        label,
        value: each,
        text: `${shown(each)} ${row.unit}`,
        colour: colours.others,
      })),
    ];
    return comparison(`${row.scenario}: ${row.measure}`, all);
  }
  if (row.bar === undefined) return null;
  const bound = row.bar.atMost ?? row.bar.atLeast ?? 0;
  const text = `${shown(value)} ${row.unit} (${barText(row)})`;
  return gauge(
    {
      label: `${row.scenario}: ${row.measure}`,
      value,
      text,
      colour: holds === false ? colours.missed : colours.holds,
    },
    bound,
  );
}

function comparison(heading: string, all: readonly Drawn[]): Part {
  const most = Math.max(...all.map(({ value }) => value));
  return {
    height: (all.length + 1) * line + 12,
    draw: (y) =>
      [
        `<text x="12" y="${y + 15}" font-weight="600">${escaped(heading)}</text>`,
        ...all.map((each, index) => bar(each, y + (index + 1) * line, most === 0 ? 0 : longest / most)),
      ].join('\n'),
  };
}

function bar({ label, value, text, colour }: Drawn, y: number, scale: number): string {
  const long = Math.max(1, value * scale);
  return [
    `<text x="${labelWidth}" y="${y + 14}" text-anchor="end">${escaped(label)}</text>`,
    `<rect x="${barsFrom}" y="${y + 2}" width="${long.toFixed(1)}" height="16" rx="2" fill="${colour}"/>`,
    `<text x="${(barsFrom + long + 6).toFixed(1)}" y="${y + 15}">${escaped(text)}</text>`,
  ].join('');
}

/** Two lines: what it is, and below it the value against its bound. */
function gauge(drawn: Drawn, bound: number): Part {
  const scale = (longest * 0.9) / Math.max(bound, drawn.value, Number.MIN_VALUE);
  const at = (barsFrom + bound * scale).toFixed(1);
  const verdict = drawn.colour === colours.missed ? 'missed' : 'holds';
  return {
    height: 2 * line + 6,
    draw: (y) =>
      [
        `<text x="12" y="${y + 15}">${escaped(drawn.label)}</text>`,
        bar({ ...drawn, label: verdict, text: '' }, y + line, scale),
        `<line x1="${at}" x2="${at}" y1="${y + line - 2}" y2="${y + line + 22}" stroke="#1a202c" stroke-width="2"/>`,
        `<text x="${barsFrom + longest + 8}" y="${y + line + 15}">${escaped(drawn.text)}</text>`,
      ].join(''),
  };
}
