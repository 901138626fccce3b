import { readGoDuration } from '../../lib/go-duration.ts';
import type { LegacyFlag } from './legacy-flags.ts';

/** What a text says, or what was expected of it. */
export type TextReading = { readonly value: unknown } | { readonly expected: string };

const trueWords: ReadonlySet<string> = new Set(['1', 't', 'T', 'true', 'TRUE', 'True']);
const falseWords: ReadonlySet<string> = new Set(['0', 'f', 'F', 'false', 'FALSE', 'False']);

function readSwitch(text: string): TextReading {
  if (trueWords.has(text)) return { value: true };
  return falseWords.has(text) ? { value: false } : { expected: 'true or false' };
}

const readLength = (text: string): TextReading => {
  const seconds = readGoDuration(text);
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
