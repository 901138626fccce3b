import type { z } from 'zod';
import { suggestion } from './did-you-mean.ts';
import type { FileReading, KeyPath } from './file.ts';
import { showPath } from './file.ts';
import type { LayerEntry } from './layer.ts';
import { markedUnion, meantMark, type UnionDefinition } from './marks.ts';
import { secretShown } from './mask.ts';
import { inPlainWords } from './plain-words.ts';
import type { Problem } from './problems.ts';
import { showValue, withSyntax } from './problems.ts';
import type { Setting } from './settings-tree.ts';
import { holdsSecret, unwrap } from './settings-tree.ts';

/** What is known when a value was refused. */
export interface Refusal {
  readonly schema: z.core.$ZodType;
  readonly settings: readonly Setting[];
  /** The values that were checked, and where each came from. */
  readonly raw: unknown;
  readonly chosen: ReadonlyMap<string, LayerEntry>;
  readonly file: FileReading | null;
}

/**
 * Every schema that can govern the value at a path: several behind a union, unless the value says which of them is meant.
 * @param value what the schema was given
 */
function schemasAt(schema: z.core.$ZodType, path: KeyPath, value: unknown): readonly z.core.$ZodType[] {
  const [key, ...rest] = path;
  const def = unwrap(schema);
  if (def.type === 'union')
    return optionsFor(def, path, value).flatMap((option) => schemasAt(option, path, value));
  if (key === undefined) return [schema];
  const inner = valueAt(value, [key]);
  if (def.type === 'object')
    return Object.hasOwn(def.shape, key) ? schemasAt(def.shape[key]!, rest, inner) : [];
  if (def.type === 'array') return schemasAt(def.element, rest, inner);
  return def.type === 'record' ? schemasAt(def.valueType, rest, inner) : [];
}

/** The option that the value names or most likely means (`dialect: vip`); all where that cannot be said. */
function optionsFor(def: UnionDefinition, [key]: KeyPath, value: unknown): readonly z.core.$ZodType[] {
  const union = markedUnion(def);
  // The mark itself may be that of any.
  if (union === null || key === union.field) return def.options;
  const meant = meantMark(union, value);
  return meant === null ? def.options : [union.options.get(meant)!];
}

function valueAt(value: unknown, path: KeyPath): unknown {
  return path.reduce<unknown>(
    (inner, key) => (typeof inner === 'object' && inner !== null ? Reflect.get(inner, key) : undefined),
    value,
  );
}

const plainPath = (issue: z.core.$ZodIssue): KeyPath =>
  issue.path.map((key) => (typeof key === 'number' ? key : String(key)));

function expectation(
  issue: z.core.$ZodIssue,
  path: KeyPath,
  { schema, raw }: Refusal,
  setting: Setting | undefined,
): string {
  const candidates = schemasAt(schema, path, raw);
  if (issue.code === 'unrecognized_keys') {
    const known = candidates.flatMap((candidate) => {
      const def = unwrap(candidate);
      return def.type === 'object' ? Object.keys(def.shape) : [];
    });
    return issue.keys.map((key) => `unknown setting ${key}${suggestion(key, known)}`).join('; ');
  }
  if (issue.code === 'invalid_union') {
    const values = candidates.flatMap(wordsOf);
    if (values.length > 0) return `expected one of ${[...new Set(values)].join(', ')}`;
    return setting === undefined ? 'expected something else' : `expected ${setting.syntax}`;
  }
  // Messages of our own are complete, and parts of a value are not written as the whole is.
  const complete = issue.code === 'custom' || setting?.keys.length !== path.length;
  const message = inPlainWords(issue);
  return complete || setting === undefined ? message : withSyntax(message, setting.syntax);
}

/** The word that was meant, where it is one of a few. */
function wordSuggestion(issue: z.core.$ZodIssue, value: unknown, { schema, raw }: Refusal): string {
  if (typeof value !== 'string' || !['invalid_union', 'invalid_value'].includes(issue.code)) return '';
  const candidates = schemasAt(schema, plainPath(issue), raw);
  return candidates.some(holdsSecret) ? '' : suggestion(value, candidates.flatMap(wordsOf));
}

/** The words a schema takes. */
function wordsOf(schema: z.core.$ZodType): readonly string[] {
  const def = unwrap(schema);
  if (def.type === 'literal') return def.values.map(String);
  return def.type === 'enum' ? Object.values(def.entries).map(String) : [];
}

/** The name a part of a value had where it was written: then our path says nothing more. */
function originalName({ parts = {} }: LayerEntry, place: string): string | null {
  const known = Object.keys(parts).find(
    (each) => place === each || place.startsWith(`${each}.`) || place.startsWith(`${each}[`),
  );
  return known === undefined ? null : parts[known]!;
}

/** A section is refused as a whole: it stands where its parts were written. */
async function sectionWhereabouts(
  path: KeyPath,
  { chosen, file }: Pick<Refusal, 'chosen' | 'file'>,
): Promise<string> {
  const parts = [...chosen.values()].filter(({ setting: { keys } }) =>
    path.every((key, index) => keys[index] === key),
  );
  const names = parts.filter(({ origin }) => origin.from !== 'file').map(({ origin }) => origin.name);
  if (path.length === 0 || parts.length === 0) return showPath(path) || 'configuration';
  if (names.length > 0 || file === null) return names.join(', ');
  return `${await file.locate(path)} ${showPath(path)}`;
}

/** Where the refused value stands: variable, flag or line, then the path when that says more. */
async function whereabouts(
  path: KeyPath,
  setting: Setting | undefined,
  { chosen, file }: Refusal,
): Promise<string> {
  const entry = setting === undefined ? undefined : chosen.get(setting.path);
  if (setting === undefined) return sectionWhereabouts(path, { chosen, file });
  if (entry === undefined) return showPath(path) || 'configuration';
  if (entry.origin.from === 'file' && file !== null) return `${await file.locate(path)} ${showPath(path)}`;
  const part = originalName(entry, showPath(path).slice(setting.path.length));
  if (part !== null) return part;
  return path.length > setting.keys.length ? `${entry.origin.name} ${showPath(path)}` : entry.origin.name;
}

async function toProblem(issue: z.core.$ZodIssue, refusal: Refusal): Promise<Problem> {
  const path = plainPath(issue);
  const setting = refusal.settings.find(({ keys }) => keys.every((key, index) => path[index] === key));
  const where = await whereabouts(path, setting, refusal);
  const value = valueAt(refusal.raw, path);
  if (value === undefined && issue.code === 'invalid_type') {
    const whole = setting?.keys.length === path.length ? setting : undefined;
    const hint = whole === undefined ? '' : `; set ${whole.env} or ${whole.flag}`;
    return { where, message: `a value is missing${hint}` };
  }
  const message = expectation(issue, path, refusal, setting) + wordSuggestion(issue, value, refusal);
  if (typeof value === 'object' || value === undefined) return { where, message };
  const candidates = schemasAt(refusal.schema, path, refusal.raw);
  const secret = candidates.length === 0 || candidates.some(holdsSecret);
  return { where, value: secret ? secretShown : showValue(value), message };
}

/** Turns everything the schema refused into problems for a person. */
export const toProblems = (issues: readonly z.core.$ZodIssue[], refusal: Refusal): Promise<Problem[]> =>
  Promise.all(issues.map((issue) => toProblem(issue, refusal)));
