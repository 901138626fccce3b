import { readDecimal, readInteger, readTruth } from './arguments.ts';

/** What a variable's text says, or what was expected of it. `bound`: it could be read but is out of bounds. */
export type TextReading = { readonly value: unknown } | { readonly expected: string; readonly bound?: true };

export type TextReader = (text: string) => TextReading;

interface Bounds {
  readonly least?: number;
  /** The value must be larger than this. */
  readonly above?: number;
  readonly most?: number;
}

const boundsText = ({ least, above, most }: Bounds): string =>
  [
    ...(above === undefined ? [] : [`greater than ${above}`]),
    ...(least === undefined ? [] : [`from ${least}`]),
    ...(most === undefined ? [] : [`up to ${most}`]),
  ].join(' ');

const number =
  (what: string, read: (text: string) => number | null) =>
  (bounds: Bounds): TextReader =>
  (text) => {
    const expected = `${what} ${boundsText(bounds)}`.trim();
    const value = read(text);
    if (value === null) return { expected };
    const { least = -Infinity, above = -Infinity, most = Infinity } = bounds;
    return value >= least && value > above && value <= most ? { value } : { expected, bound: true };
  };

/** A whole number. */
export const whole = number('a whole number', readInteger);

/** A number that may have a fraction. */
export const decimal = number('a number', readDecimal);

/** One of Go's truth words. */
export const truth: TextReader = (text) => {
  const value = readTruth(text);
  return value === null ? { expected: 'true or false' } : { value };
};

/** Anything. */
export const text: TextReader = (value) => ({ value });

/** Parts between commas, without the spaces around them. */
export const list: TextReader = (value) => ({ value: commaList(value) });

export const commaList = (value: string): string[] =>
  value
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');

/** One of these words. */
export const oneOf =
  (...words: readonly string[]): TextReader =>
  (value) =>
    words.includes(value) ? { value } : { expected: `one of ${words.join(', ')}` };

/** Passes on what a reader made of the text, as something else. */
export const mapped =
  <Value>(reader: TextReader, change: (value: Value) => unknown): TextReader =>
  (value) => {
    const reading = reader(value);
    return 'value' in reading ? { value: change(reading.value as Value) } : reading;
  };
