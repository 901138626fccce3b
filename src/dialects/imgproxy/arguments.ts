import { PictorError } from '../../core/errors.ts';

/** Arguments as imgproxy reads them: with the number and truth words of Go's strconv. */

/** Longer sides and offsets are read as this many pixels: no picture that may be made comes near it. */
export const largestSide = 1_000_000;

/** A whole number with optional sign and leading zeros (`+300`, `0300`); null for anything else. */
export function readInteger(text: string): number | null {
  if (!/^[+-]?\d+$/.test(text)) return null;
  const value = Number(text) + 0;
  return Number.isSafeInteger(value) ? value : null;
}

/** A decimal number (`.5`, `1e2`, `-3`); null for anything else, infinities and NaN included. */
export function readDecimal(text: string): number | null {
  if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text)) return null;
  const value = Number(text) + 0;
  return Number.isFinite(value) ? value : null;
}

const trueWords: ReadonlySet<string> = new Set(['1', 't', 'T', 'true', 'TRUE', 'True']);
const falseWords: ReadonlySet<string> = new Set(['0', 'f', 'F', 'false', 'FALSE', 'False']);

/** One of Go's truth words; null for anything else. */
export function readTruth(text: string): boolean | null {
  if (trueWords.has(text)) return true;
  return falseWords.has(text) ? false : null;
}

/** The refusal of an argument: `option` and `text` go to the log only. */
export const badArgument = (option: string, text: string): PictorError =>
  new PictorError('OPTION_INVALID', { detail: `imgproxy option ${option}: ${text}`.slice(0, 200) });

/** Base64 without the signs at its end that fill it up. Counted from the end: a pattern would take quadratic time over a long run in the middle. */
export function withoutPadding(encoded: string): string {
  let end = encoded.length;
  while (end > 0 && encoded[end - 1] === '=') end -= 1;
  return encoded.slice(0, end);
}
