import { type ParseError, parse, printParseErrorCode } from 'jsonc-parser';

/** One thing wrong, and where. */
export interface LegacyProblem {
  readonly where: string;
  readonly message: string;
}

/** An object of the configuration, read field by field. */
export interface LegacyObject {
  /** Of a field that is absent or null: undefined. What has another type is a problem, and counts as absent. */
  text(name: string): string | undefined;
  whole(name: string): number | undefined;
  flag(name: string): boolean | undefined;
  texts(name: string): readonly string[] | undefined;
  object(name: string): LegacyObject;
  objects(name: string): readonly LegacyObject[];
  /** Where a field stands: `handlers[0].aws.bucket_name`. */
  place(name: string): string;
}

type Report = (problem: LegacyProblem) => void;

/**
 * Reads the configuration as Go's `encoding/json` does, but for comments and commas too many, which are taken: capitals in
 * names do not count, of a name that comes twice the last counts, unknown ones are passed over, a wrong type is an error.
 * Null: it cannot be read.
 */
export function readLegacyJson(text: string, report: Report): LegacyObject | null {
  const errors: ParseError[] = [];
  const value: unknown = parse(text.replace(/^\uFEFF/, ''), errors, { allowTrailingComma: true });
  const [first] = errors;
  if (first !== undefined) {
    const line = text.slice(0, first.offset).split('\n').length;
    report({ where: `line ${line}`, message: `invalid JSON: ${printParseErrorCode(first.error)}` });
    return null;
  }
  if (isObject(value)) return objectAt('', value, report);
  report({ where: 'line 1', message: `expected an object, got ${kindOf(value)}` });
  return null;
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const kindOf = (value: unknown): string =>
  value === null
    ? 'null'
    : Array.isArray(value)
      ? 'a list'
      : isObject(value)
        ? 'an object'
        : `a ${typeof value}`;

function objectAt(path: string, value: Readonly<Record<string, unknown>>, report: Report): LegacyObject {
  const fields = new Map(Object.entries(value).map(([name, field]) => [name.toLowerCase(), field]));
  const place = (name: string): string => (path === '' ? name : `${path}.${name}`);

  function read<T>(name: string, expected: string, isIt: (field: unknown) => field is T): T | undefined {
    const field = fields.get(name) ?? undefined;
    if (field === undefined || isIt(field)) return field;
    report({ where: place(name), message: `expected ${expected}, got ${kindOf(field)}` });
    return undefined;
  }

  return {
    place,
    text: (name) => read(name, 'a text', (field): field is string => typeof field === 'string'),
    whole: (name) => read(name, 'a whole number', (field): field is number => Number.isSafeInteger(field)),
    flag: (name) => read(name, 'true or false', (field): field is boolean => typeof field === 'boolean'),
    texts: (name) =>
      read(
        name,
        'a list of texts',
        (field): field is string[] => Array.isArray(field) && field.every((each) => typeof each === 'string'),
      ),
    object: (name) => objectAt(place(name), read(name, 'an object', isObject) ?? {}, report),
    objects: (name) =>
      (
        read(
          name,
          'a list of objects',
          (field): field is Readonly<Record<string, unknown>>[] =>
            Array.isArray(field) && field.every(isObject),
        ) ?? []
      ).map((each, index) => objectAt(`${place(name)}[${index}]`, each, report)),
  };
}
