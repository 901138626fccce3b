import type { Row } from './scenarios/jobs.ts';

/** A line of a run, with the scenario of the suite that it came from. */
export interface RunRow extends Row {
  readonly group: string;
}

/** What one run measured, as its file has it. */
export interface RunResult {
  /** When it began, ISO 8601. */
  readonly date: string;
  readonly seconds: number;
  readonly command: string;
  readonly full: boolean;
  /** Of pictor, Node, sharp, and of the programs that were measured or measured with. */
  readonly versions: Readonly<Record<string, string>>;
  readonly machine: {
    readonly cpu: string;
    readonly cores: number;
    readonly memoryGiB: number;
    readonly system: string;
  };
  readonly load: string;
  /** Processors that others on this machine took meanwhile, on average. */
  readonly others?: number;
  /** Seconds by scenario. */
  readonly took?: Readonly<Record<string, number>>;
  readonly rows: readonly RunRow[];
}

/** Whether a row holds its bar; null where it has none, or was not measured. */
export function passes(row: Row): boolean | null {
  if (row.bar === undefined || row.skipped !== undefined) return null;
  const { atMost = Number.POSITIVE_INFINITY, atLeast = Number.NEGATIVE_INFINITY } = row.bar;
  return row.value <= atMost && row.value >= atLeast;
}

export const shown = (value: number): string =>
  Number.isInteger(value) || Math.abs(value) >= 100 ? value.toFixed(0) : value.toFixed(2);

export const barText = ({ bar }: Row): string => {
  if (bar === undefined) return '';
  const { atLeast, atMost } = bar;
  if (atLeast === atMost) return `= ${atLeast}`;
  return [atLeast === undefined ? [] : `≥ ${atLeast}`, atMost === undefined ? [] : `≤ ${atMost}`]
    .flat()
    .join(', ');
};

/** A value with its unit. */
export const valueText = ({ value, unit, skipped }: Row): string =>
  skipped === undefined ? `${shown(value)} ${unit}`.trim() : 'skipped';

/** From the least of the rounds to the most; empty for what was measured once. */
export const spanText = (rounds: readonly number[]): string =>
  rounds.length < 2 ? '' : `${shown(Math.min(...rounds))} to ${shown(Math.max(...rounds))}`;

/** Everything a row says besides its value. */
export function noteText({ note, beside, skipped }: Row): string {
  const others = Object.entries(beside ?? {}).map(([name, value]) => `${name} ${shown(value)}`);
  return [skipped ?? [], others.length === 0 ? [] : others.join(', '), note ?? []].flat().join('; ');
}
