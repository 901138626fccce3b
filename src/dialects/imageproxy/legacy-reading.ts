import type { LegacyFlag } from './legacy-flags.ts';

/** What a text says, or what was expected of it. */
export type TextReading = { readonly value: unknown } | { readonly expected: string };

const trueWords: ReadonlySet<string> = new Set(['1', 't', 'T', 'true', 'TRUE', 'True']);
const falseWords: ReadonlySet<string> = new Set(['0', 'f', 'F', 'false', 'FALSE', 'False']);

function readSwitch(text: string): TextReading {
  if (trueWords.has(text)) return { value: true };
  return falseWords.has(text) ? { value: false } : { expected: 'true or false' };
}

const secondsByUnit: Readonly<Record<string, number>> = {
  ns: 1e-9,
  us: 1e-6,
  µs: 1e-6,
  μs: 1e-6,
  ms: 1e-3,
  s: 1,
  m: 60,
  h: 3600,
};

/** Seconds of a duration as Go writes it (`1h30m`, `1.5s`, `0`); null for anything else. */
export function readDuration(text: string): number | null {
  const match = /^([+-]?)((?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+|0)$/.exec(text);
  if (match === null) return null;
  const [, sign, amounts = ''] = match;
  let seconds = 0;
  for (const [, amount, unit = ''] of amounts.matchAll(/([\d.]+)([a-zµμ]+)/g)) {
    seconds += Number(amount) * secondsByUnit[unit]!;
  }
  return sign === '-' ? -seconds : seconds;
}

const readLength = (text: string): TextReading => {
  const seconds = readDuration(text);
  return seconds === null || seconds < 0
    ? { expected: 'a duration, for instance 30s or 1h30m' }
    : { value: seconds };
};

/** Parts between commas, without the spaces around them. */
const commaList = (text: string): readonly string[] =>
  text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');

/** Reads the text of a flag or its variable. */
export function readFlagText({ kind }: LegacyFlag, text: string): TextReading {
  if (kind === 'switch') return readSwitch(text);
  if (kind === 'duration') return readLength(text);
  return { value: kind === 'list' ? commaList(text) : text };
}
