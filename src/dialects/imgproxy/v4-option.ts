import { badArgument, largestSide, readDecimal, readInteger, readTruth } from './arguments.ts';
import type { Draft } from './v4-draft.ts';

export type Arguments = readonly string[];

/** One option of the URL language: an entry of `v4Options` and nothing else. */
export interface UrlOption {
  /** First is the long name, the others are its aliases. */
  readonly names: readonly string[];
  /** As the documentation writes them: `width:height`. */
  readonly syntax: string;
  /** More arguments than this are refused. */
  readonly most: number;
  /** @throws PictorError OPTION_INVALID, OPTION_FORBIDDEN, EXPIRED */
  readonly apply: (draft: Draft, args: Arguments, use: OptionUse) => void;
}

/** An option as it stands in a URL or a preset, looked up. */
export interface ReadyOption {
  /** As it is spelled there, for refusals. */
  readonly name: string;
  readonly args: Arguments;
  readonly option: UrlOption;
}

export type Presets = ReadonlyMap<string, readonly ReadyOption[]>;

/** What options may look at besides their arguments. */
export interface OptionReading {
  readonly allowSecurityOptions: boolean;
  readonly presets: Presets;
  /** Names of the presets being applied, outermost first. */
  readonly within: readonly string[];
}

/** One use of an option. */
export interface OptionUse {
  readonly name: string;
  readonly reading: OptionReading;
}

/** A whole number that is not negative, at most a million. */
export function readLength({ name }: OptionUse, text: string): number {
  const value = readInteger(text);
  if (value === null || value < 0) throw badArgument(name, text);
  return Math.min(value, largestSide);
}

/** A number that is not negative, at most a million. */
export function readAmount({ name }: OptionUse, text: string): number {
  const value = readDecimal(text);
  if (value === null || value < 0) throw badArgument(name, text);
  return Math.min(value, largestSide);
}

/** Beyond this a factor is read as this: no picture that may be made is so large. */
const largestFactor = 1000;

/** A number greater than 0, at most a thousand. */
export function readFactor({ name }: OptionUse, text: string): number {
  const value = readDecimal(text);
  if (value === null || value <= 0) throw badArgument(name, text);
  return Math.min(value, largestFactor);
}

/** A whole number from 0 to 100. */
export function readPercent({ name }: OptionUse, text: string): number {
  const value = readInteger(text);
  if (value === null || value < 0 || value > 100) throw badArgument(name, text);
  return value;
}

/** Anything that is no truth word counts as false, as imgproxy has it. */
export const readSwitch = (text: string): boolean => readTruth(text) ?? false;

type FieldsOf<Value> = {
  [Field in keyof Draft]: Draft[Field] extends Value ? (Value extends Draft[Field] ? Field : never) : never;
}[keyof Draft];

/** Switches: on, off, or as the settings say. */
export type SwitchField = FieldsOf<boolean | undefined> | FieldsOf<boolean>;

/** An option that is one switch. */
export const switchOption = (field: SwitchField, ...names: string[]): UrlOption => ({
  names,
  syntax: 'bool',
  most: 1,
  apply(draft, [on = '']) {
    draft[field] = readSwitch(on);
  },
});

type NumberField = FieldsOf<number>;

interface NumberOption {
  readonly field: NumberField;
  readonly syntax: string;
  readonly read: (use: OptionUse, text: string) => number;
}

/** An option that is one number. */
export const numberOption = (
  { field, syntax, read }: NumberOption,
  ...names: readonly string[]
): UrlOption => ({
  names,
  syntax,
  most: 1,
  apply(draft, [text = ''], use) {
    draft[field] = read(use, text);
  },
});
