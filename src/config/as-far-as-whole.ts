import * as z from 'zod';
import type { KeyPath } from './file.ts';
import { type MarkedUnion, markedUnion, meantMark, type UnionDefinition } from './marks.ts';
import type { SchemaDefinition } from './settings-tree.ts';
import { sectionShape } from './settings-tree.ts';

/** What became of a value: its parts apart, so that a broken one does not take the others with it. */
type Reading =
  | { readonly kind: 'whole'; readonly value: unknown }
  | { readonly kind: 'broken' }
  | Section
  | { readonly kind: 'list'; readonly elements: readonly Reading[] };

interface Section {
  readonly kind: 'section';
  readonly parts: ReadonlyMap<string, Reading>;
}

const broken: Reading = { kind: 'broken' };

/** Thrown to whoever reads a broken value. */
class Unreadable extends Error {
  /** The element of a list it is in, innermost; null: in none. */
  readonly element: string | null;

  constructor(element: string | null) {
    super('this value was refused');
    this.element = element;
  }
}

type Check<Config, Found> = (config: Config) => readonly Found[] | Promise<readonly Found[]>;

/** A configuration of which parts were refused. */
export interface AsFarAsWhole<Config> {
  /** What only shows once refused values are put aside, in the order of the schema. */
  readonly issues: readonly z.core.$ZodIssue[];
  /**
   * What a check finds. One that reads a refused value is made without the element of the list it is in, which is a hole
   * then; where it is in none, or holes are too much for the check, nothing is found.
   */
  ask<Found>(check: Check<Config, Found>): Promise<readonly Found[]>;
}

interface Place {
  readonly path: KeyPath;
  readonly raw: unknown;
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A view of a reading in which broken values throw, and elements in `holes` are missing. */
function show(reading: Reading, holes: ReadonlySet<string>, at = '', element: string | null = null): unknown {
  switch (reading.kind) {
    case 'whole':
      return reading.value;
    case 'broken':
      throw new Unreadable(element);
    case 'list': {
      const list: unknown[] = [];
      list.length = reading.elements.length;
      for (const [index, inner] of reading.elements.entries()) {
        const name = `${at}[${index}]`;
        if (inner.kind !== 'broken' && !holes.has(name)) list[index] = show(inner, holes, name, name);
      }
      return list;
    }
    case 'section': {
      const section = {};
      for (const [key, inner] of reading.parts) {
        const get = () => show(inner, holes, `${at}.${key}`, element);
        Object.defineProperty(section, key, { enumerable: true, get });
      }
      return section;
    }
  }
}

/** Tries a use until what it cannot read is out of its way; null when it cannot be. */
async function tried<Result>(reading: Reading, use: (value: unknown) => Result | Promise<Result>) {
  const holes = new Set<string>();
  for (;;) {
    try {
      return await use(show(reading, holes));
    } catch (thrown) {
      const element = thrown instanceof Unreadable ? thrown.element : null;
      // What falls over a hole is no better off with one more.
      if (element === null && !(thrown instanceof Unreadable) && holes.size === 0) throw thrown;
      if (element === null || holes.has(element)) return null;
      holes.add(element);
    }
  }
}

/** Below what is absent there may be anything: only what has parts of its own to check is taken apart. */
function withoutWrapping(schema: z.core.$ZodType): SchemaDefinition | null {
  const { def } = (schema as z.ZodType)._zod as unknown as { readonly def: SchemaDefinition };
  if ('innerType' in def) return withoutWrapping(def.innerType);
  return def.type === 'pipe' ? null : def;
}

interface Walk {
  readonly issues: z.core.$ZodIssue[];
}

const below = (path: KeyPath, issues: readonly z.core.$ZodIssue[]): z.core.$ZodIssue[] =>
  issues.map((issue) => ({ ...issue, path: [...path, ...issue.path] }));

/** Reads a value part by part. What the checks of its sections say, made on what is whole of them, is collected. */
async function read(schema: z.core.$ZodType, { path, raw }: Place, walk: Walk): Promise<Reading> {
  const result = (schema as z.ZodType).safeParse(raw, { jitless: true });
  if (result.success) return wholly(result.data);
  const def = withoutWrapping(schema);
  const apart = def === null ? null : await readApart(def, { path, raw }, walk);
  if (def === null || apart === null) return broken;
  let reading = apart;
  for (const check of def.checks ?? []) {
    const found = await tried(reading, async (value) => {
      const payload: z.core.ParsePayload<never> = { value: value as never, issues: [] };
      await check._zod.check(payload);
      return payload.issues.map((issue) => z.core.util.finalizeIssue(issue, {}, z.core.config()));
    });
    walk.issues.push(...below(path, found ?? []));
    for (const issue of found ?? []) reading = spoilt(reading, issue.path);
  }
  return reading;
}

/** What a check of the whole complains of is no better than what is refused by itself. */
function spoilt(reading: Reading, [key, ...rest]: readonly PropertyKey[]): Reading {
  if (key === undefined || reading.kind === 'broken') return broken;
  if (reading.kind === 'whole') {
    const { value } = reading;
    const parts = isRecord(value)
      ? Object.entries(value).map(([name, inner]) => [name, wholly(inner)] as const)
      : [];
    if (Array.isArray(value)) return spoilt({ kind: 'list', elements: value.map(wholly) }, [key, ...rest]);
    return parts.length === 0 ? broken : spoilt({ kind: 'section', parts: new Map(parts) }, [key, ...rest]);
  }
  if (reading.kind === 'list') {
    const elements = reading.elements.map((each, index) => (index === key ? spoilt(each, rest) : each));
    return { kind: 'list', elements };
  }
  const name = String(key);
  const part = reading.parts.get(name) ?? broken;
  return { kind: 'section', parts: new Map([...reading.parts, [name, spoilt(part, rest)]]) };
}

const wholly = (value: unknown): Reading => ({ kind: 'whole', value });

/** Null where there are no parts. */
async function readApart(def: SchemaDefinition, place: Place, walk: Walk): Promise<Reading | null> {
  const { path, raw } = place;
  if (def.type === 'union') return readMarked(def, place, walk);
  if (def.type === 'array' && Array.isArray(raw)) {
    const inner = raw.map((each, index) => read(def.element, { path: [...path, index], raw: each }, walk));
    return { kind: 'list', elements: await Promise.all(inner) };
  }
  return def.type === 'object' && isRecord(raw)
    ? readParts(Object.entries(def.shape), { path, raw }, walk)
    : null;
}

async function readParts(
  shape: readonly (readonly [string, z.core.$ZodType])[],
  { path, raw }: Place & { readonly raw: Readonly<Record<string, unknown>> },
  walk: Walk,
): Promise<Section> {
  const parts = shape.map(
    async ([key, inner]): Promise<[string, Reading]> => [
      key,
      await read(inner, { path: [...path, key], raw: raw[key] }, walk),
    ],
  );
  return { kind: 'section', parts: new Map(await Promise.all(parts)) };
}

/**
 * A mount whose dialect nobody knows is taken for one of the dialect that was most likely meant. Where none is near, it is
 * looked at for what is the same with all.
 */
async function readMarked(def: UnionDefinition, { path, raw }: Place, walk: Walk): Promise<Reading | null> {
  const union = markedUnion(def);
  if (union === null || !isRecord(raw)) return null;
  const meant = meantMark(union, raw);
  if (meant === null) return readShared(union, { path, raw }, walk);
  const option = union.options.get(meant)!;
  const place = { path, raw: { ...raw, [union.field]: meant } };
  complain(option, place, walk);
  return read(option, place, walk);
}

async function readShared(
  { options: byMark }: MarkedUnion,
  place: Place & { readonly raw: Readonly<Record<string, unknown>> },
  walk: Walk,
): Promise<Reading> {
  const shapes = [...byMark.values()].map((option) => sectionShape(option) ?? {});
  const fields = Object.entries(shapes[0] ?? {});
  const shared = fields.filter(([key, schema]) => shapes.every((shape) => shape[key] === schema));
  for (const [key, schema] of shared)
    complain(schema, { path: [...place.path, key], raw: place.raw[key] }, walk);
  const { parts } = await readParts(shared, place, walk);
  const others = fields.filter(([key]) => !parts.has(key));
  return { kind: 'section', parts: new Map([...parts, ...others.map(([key]) => [key, broken] as const)]) };
}

/** For what zod did not come to. */
function complain(schema: z.core.$ZodType, { path, raw }: Place, walk: Walk): void {
  const { error } = (schema as z.ZodType).safeParse(raw, { jitless: true });
  walk.issues.push(...below(path, error?.issues ?? []));
}

/** What a complaint is told by. */
const nameOf = ({ code, path, message }: z.core.$ZodIssue): string => JSON.stringify([code, path, message]);

/**
 * Looks at a refused configuration once more, part by part: zod makes no check of a section in which anything is refused,
 * and looks at nothing below a mark that it does not know.
 * @param known what zod said
 */
export async function readAsFarAsWhole<Config>(
  schema: z.ZodType,
  raw: unknown,
  known: readonly z.core.$ZodIssue[],
): Promise<AsFarAsWhole<Config>> {
  const walk: Walk = { issues: [] };
  const reading = await read(schema, { path: [], raw }, walk);
  const told = new Set(known.map(nameOf));
  const issues = walk.issues.filter((issue) => {
    const name = nameOf(issue);
    if (told.has(name)) return false;
    told.add(name);
    return true;
  });
  return {
    issues,
    ask: async (check) => (await tried(reading, (config) => check(config as Config))) ?? [],
  };
}
