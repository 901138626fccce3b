import type { z } from 'zod';

/** One setting as the loader, the help and the reference page know it. Read from the schema, never written by hand. */
export interface Setting {
  /** Dotted path: `cache.dir`. */
  readonly path: string;
  readonly keys: readonly string[];
  /** Environment variable: `PICTOR_CACHE_DIR`. */
  readonly env: string;
  /** Command line flag: `--cache-dir`. */
  readonly flag: string;
  readonly description: string;
  /** What may be written, in a few words: `number`, `true or false`, `bytes, e.g. 64MiB`. */
  readonly syntax: string;
  /** True when the value itself, or a part of it, must not be shown. */
  readonly secret: boolean;
  /** The default as it is written in the schema (`64MiB`, not 67108864); undefined when there is none. */
  readonly fallback: unknown;
  readonly schema: z.ZodType;
}

/** What zod itself knows of a schema: `type` tells the variants apart. */
export type SchemaDefinition = z.core.$ZodTypes['_zod']['def'];

const definitionOf = (schema: z.core.$ZodType): SchemaDefinition =>
  (schema as z.ZodType).def as unknown as SchemaDefinition;

/**
 * Takes off defaults, optional marks and transforms until the shape a person writes is left. A transform is read by its
 * input, because that is what stands in a file.
 */
export function unwrap(schema: z.core.$ZodType): SchemaDefinition {
  const def = definitionOf(schema);
  switch (def.type) {
    case 'default':
    case 'prefault':
    case 'optional':
    case 'nullable':
    case 'nonoptional':
    case 'readonly':
    case 'catch':
      return unwrap(def.innerType);
    case 'pipe':
      return unwrap(definitionOf(def.in).type === 'transform' ? def.out : def.in);
    default:
      return def;
  }
}

/** Descriptions and marks sit on the wrapper or on what it wraps; the outer one wins. */
export function readMeta(schema: z.core.$ZodType): Readonly<Record<string, unknown>> {
  const own = (schema as z.ZodType).meta() ?? {};
  const def = definitionOf(schema);
  const inner = 'innerType' in def ? def.innerType : def.type === 'pipe' ? def.in : undefined;
  return inner === undefined ? own : { ...readMeta(inner), ...own };
}

/** True when this schema, or anything inside it, is marked secret. */
export function holdsSecret(schema: z.core.$ZodType): boolean {
  if (readMeta(schema).secret === true) return true;
  const def = unwrap(schema);
  switch (def.type) {
    case 'object':
      return Object.values(def.shape).some(holdsSecret);
    case 'array':
      return holdsSecret(def.element);
    case 'union':
      return def.options.some(holdsSecret);
    case 'record':
      return holdsSecret(def.valueType);
    default:
      return false;
  }
}

/** `maxHeaderBytes` becomes `max`, `header`, `bytes`. */
const words = (key: string): string[] =>
  key
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(' ');

const environmentName = (keys: readonly string[]): string =>
  ['pictor', ...keys.flatMap(words)].join('_').toUpperCase();

const flagName = (keys: readonly string[]): string => `--${keys.flatMap(words).join('-')}`;

function describeSyntax(schema: z.core.$ZodType): string {
  const { syntax } = readMeta(schema);
  if (typeof syntax === 'string') return syntax;
  const def = unwrap(schema);
  switch (def.type) {
    case 'string':
      return 'text';
    case 'number':
      return 'number';
    case 'boolean':
      return 'true or false';
    case 'enum':
      return Object.values(def.entries).join(', ');
    case 'literal':
      return def.values.map((value) => (value === '' ? 'empty' : String(value))).join(', ');
    case 'array':
      return describeList(def.element);
    case 'union':
      return [...new Set(def.options.map(describeSyntax))].join(' or ');
    default:
      return 'object';
  }
}

function describeList(element: z.core.$ZodType): string {
  const inner = describeSyntax(element);
  return inner === 'text' ? 'list' : `list of ${inner.replace(/^(number|object)$/, '$1s')}`;
}

function writtenDefault(schema: z.core.$ZodType): unknown {
  const def = definitionOf(schema);
  if (def.type === 'default' || def.type === 'prefault') return def.defaultValue;
  if (def.type === 'pipe') return writtenDefault(def.in);
  return 'innerType' in def ? writtenDefault(def.innerType) : undefined;
}

/** A start asks for names only: the rest is read from the schema when somebody wants to know it. */
function readSetting(schema: z.core.$ZodType, keys: readonly string[]): Setting {
  return {
    path: keys.join('.'),
    keys,
    env: environmentName(keys),
    flag: flagName(keys),
    get description() {
      const { description } = readMeta(schema);
      return typeof description === 'string' ? description : '';
    },
    get syntax() {
      return describeSyntax(schema);
    },
    get secret() {
      return holdsSecret(schema);
    },
    get fallback() {
      return writtenDefault(schema);
    },
    schema: schema as z.ZodType,
  };
}

/** The sections and settings directly below a section, or null when the schema is a setting. */
export function sectionShape(schema: z.core.$ZodType): Readonly<Record<string, z.core.$ZodType>> | null {
  const def = unwrap(schema);
  return def.type === 'object' ? def.shape : null;
}

function walk(schema: z.core.$ZodType, keys: readonly string[]): Setting[] {
  const shape = sectionShape(schema);
  if (shape === null) return [readSetting(schema, keys)];
  return Object.entries(shape).flatMap(([key, inner]) => walk(inner, [...keys, key]));
}

/** Schemas never change, and a command may ask twice. */
const listed = new WeakMap<object, readonly Setting[]>();

/**
 * Every setting below a schema, in the order of the schema. Objects are sections; everything else, lists of objects
 * too, is one setting.
 * @throws Error when two paths would share a variable or a flag: a mistake in the schema
 */
export function listSettings(schema: z.core.$ZodType): readonly Setting[] {
  const known = listed.get(schema);
  if (known !== undefined) return known;
  const settings = walk(schema, []);
  const seen = new Map<string, string>();
  for (const { env, path } of settings) {
    const other = seen.get(env);
    if (other !== undefined) throw new Error(`settings ${other} and ${path} share the variable ${env}`);
    seen.set(env, path);
  }
  listed.set(schema, settings);
  return settings;
}
