import type { z } from 'zod';
import { closest } from './did-you-mean.ts';
import type { SchemaDefinition } from './settings-tree.ts';
import { unwrap } from './settings-tree.ts';

export type UnionDefinition = Extract<SchemaDefinition, { readonly type: 'union' }>;

/** A union whose options tell themselves apart by a field: `dialect: vip`. */
export interface MarkedUnion {
  /** Name of the field. */
  readonly field: string;
  /** By what stands in it. */
  readonly options: ReadonlyMap<string, z.core.$ZodType>;
}

/** Null when a union has no such field. */
export function markedUnion(def: UnionDefinition): MarkedUnion | null {
  const { discriminator: field } = def as { readonly discriminator?: string };
  if (field === undefined) return null;
  const options = def.options.flatMap((option): [string, z.core.$ZodType][] => {
    const own = unwrap(option);
    const mark = own.type === 'object' ? own.shape[field] : undefined;
    const literal = mark === undefined ? null : unwrap(mark);
    return literal?.type === 'literal' ? literal.values.map((value) => [String(value), option]) : [];
  });
  return { field, options: new Map(options) };
}

/** The option that a value names, or that it most likely means: `imgprox`. Null when none is near. */
export function meantMark({ field, options }: MarkedUnion, value: unknown): string | null {
  const mark: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, field) : undefined;
  if (typeof mark !== 'string') return null;
  return options.has(mark) ? mark : closest(mark, options.keys());
}
