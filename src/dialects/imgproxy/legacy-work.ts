import { type TextReader, truth } from './legacy-reading.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Contents of the files that imgproxy's flags name; absent flags are absent. */
export interface LegacyFlags {
  /** `-keypath`. */
  readonly keyText?: string;
  /** `-saltpath`. */
  readonly saltText?: string;
  /** `-presets`. */
  readonly presetsText?: string;
  /** Our version, put for `%current_version` in IMGPROXY_USER_AGENT. */
  readonly version?: string;
}

/** A reading under way. */
export interface Work {
  readonly env: Environment;
  readonly flags: LegacyFlags;
  readonly v1: boolean;
  /** Values by dotted path. */
  readonly values: Map<string, unknown>;
  readonly problems: string[];
  readonly notices: string[];
}

/** Before every name of imgproxy's. */
export const prefix = 'IMGPROXY_';

/** What is wrong with a variable, value included: not for secrets. */
export const complaint = (name: string, expected: string, text: string): string =>
  `${prefix}${name}: expected ${expected}, got ${JSON.stringify(text)}`;

/** The text of a variable; empty counts as unset, as it did. */
export function textOf({ env }: Work, name: string): string | undefined {
  const text = env[prefix + name];
  return text === undefined || text === '' ? undefined : text;
}

/** Reads a variable's text by the rules of the mode; undefined when there is nothing to go by. */
export function read(work: Work, name: string, reader: TextReader): unknown {
  const text = textOf(work, name);
  if (text === undefined) return undefined;
  const reading = reader(text);
  if ('value' in reading) return reading.value;
  const shown = complaint(name, reading.expected, text);
  if (!work.v1 || reading.bound === true) {
    work.problems.push(shown);
    return undefined;
  }
  // Version 1 passed over what it could not read; a switch that could not be read was off.
  work.notices.push(`${shown}; ${reader === truth ? 'read as false' : 'the default stands'}`);
  return reader === truth ? false : undefined;
}
