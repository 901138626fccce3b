import { type TextReader, truth } from './legacy-reading.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** A file that a flag or a variable names. */
export interface FlagFile {
  /** The flag as it was written, for messages: `-keypath /etc/imgproxy/key`. */
  readonly name: string;
  readonly text: string;
}

/** Contents of the files that imgproxy's flags name; absent flags are absent. */
export interface LegacyFlags {
  /** `-keypath`. */
  readonly keyFile?: FlagFile;
  /** `-saltpath`. */
  readonly saltFile?: FlagFile;
  /** `-presets`, or what `IMGPROXY_PRESETS_PATH` names. */
  readonly presetsFile?: FlagFile;
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
  /** Variables or flags that values come from, by the same paths; a default of imgproxy's has none. */
  readonly origins: Map<string, string>;
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

/** Takes a value over, and where it comes from; null: from nowhere but imgproxy's defaults. */
export function assign(
  { values, origins }: Work,
  path: string,
  { value, origin }: { readonly value: unknown; readonly origin: string | null },
): void {
  values.set(path, value);
  if (origin === null) origins.delete(path);
  else origins.set(path, origin);
}

/** Names of those variables of imgproxy's that are set, for the origin of what is made of several; null when none is. */
export function namesSet(work: Work, ...names: readonly string[]): string | null {
  const used = names.filter((name) => textOf(work, name) !== undefined).map((name) => prefix + name);
  return used.length === 0 ? null : used.join(', ');
}
