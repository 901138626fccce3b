import type { z } from 'zod';
import { unwrap } from './settings-tree.ts';

/** A value read from text, or what was expected instead. */
export type TextReading = { readonly value: unknown } | { readonly expected: string };

const booleanWords: Readonly<Record<string, boolean>> = {
  true: true,
  yes: true,
  '1': true,
  false: false,
  no: false,
  '0': false,
};

/** Reads `true`, `yes`, `1`, `false`, `no`, `0` in any case; null when it is none of these. */
export const readBoolean = (text: string): boolean | null => booleanWords[text.trim().toLowerCase()] ?? null;

function readNumber(text: string): TextReading {
  const trimmed = text.trim();
  const isNumber = /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i.test(trimmed);
  return isNumber ? { value: Number(trimmed) } : { expected: 'expected a number' };
}

function readJson(text: string): TextReading {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return { expected: 'expected JSON' };
  }
}

/** `a, b` or `["a", "b"]`. A text that starts with a bracket but is no JSON (`[::1]:80`) is still a comma list. */
function readList(element: z.core.$ZodType, text: string): TextReading {
  const trimmed = text.trim();
  if (trimmed === '') return { value: [] };
  if (trimmed.startsWith('[')) {
    const json = readJson(trimmed);
    if ('value' in json || /^\[\s*["{]/.test(trimmed)) return json;
  }
  const elementType = unwrap(element).type;
  if (elementType === 'object' || elementType === 'record' || elementType === 'array') {
    return { expected: 'expected a JSON list' };
  }
  const readings = trimmed.split(',').map((item) => readText(element, item.trim()));
  const bad = readings.find((reading) => 'expected' in reading);
  return bad ?? { value: readings.map((reading) => ('value' in reading ? reading.value : undefined)) };
}

/** The first alternative that takes the text as it is read for it; otherwise the first that could be read at all. */
function readUnion(options: readonly z.core.$ZodType[], text: string): TextReading {
  const readings = options.map((option) => ({ option, reading: readText(option, text) }));
  const fits = readings.find(
    ({ option, reading }) => 'value' in reading && (option as z.ZodType).safeParse(reading.value).success,
  );
  const first = fits ?? readings.find(({ reading }) => 'value' in reading) ?? readings[0];
  return first?.reading ?? { expected: 'expected nothing' };
}

/**
 * Turns the text of a variable or flag into the value a file would hold for this setting. Bounds are not checked here:
 * the schema does that for values from everywhere.
 */
export function readText(schema: z.core.$ZodType, text: string): TextReading {
  const def = unwrap(schema);
  switch (def.type) {
    case 'string':
      return { value: text };
    case 'number':
      return readNumber(text);
    case 'boolean': {
      const value = readBoolean(text);
      return value === null ? { expected: 'expected true or false' } : { value };
    }
    case 'enum':
      return { value: text.trim() };
    case 'literal':
      return { value: def.values.find((literal) => String(literal) === text.trim()) ?? text };
    case 'array':
      return readList(def.element, text);
    case 'union':
      return readUnion(def.options, text);
    default:
      return readJson(text);
  }
}

/** True when empty text is a value of its own (`PICTOR_CACHE_DIR=`); elsewhere an empty variable counts as not set. */
export const acceptsEmptyText = (schema: z.core.$ZodType): boolean =>
  unwrap(schema).type === 'array' || (schema as z.ZodType).safeParse('').success;
