import * as z from 'zod';
import { PictorError } from '../core/errors.ts';
import type { OperationDefinition } from '../core/operation.ts';
import { type Operation, operations } from '../operations/index.gen.ts';
import type { ImageRequest, OutputSpec } from './image-request.ts';
import { requestSchema } from './request-schema.ts';

/**
 * The one text of a request: what its key is made of. Same meaning, same text: names sorted, absent and default alike
 * left out, numbers as JavaScript prints them. It is JSON, and `parseImageRequest` reads it back.
 */
export function canonicalText(request: ImageRequest): string {
  const { source, operations: list, output, edition, limits = {} } = request;
  return JSON.stringify(
    sorted({
      source,
      operations: list.map(plainOperation),
      output: plainOutput(output),
      edition,
      limits: Object.keys(limits).length === 0 ? undefined : limits,
    }),
  );
}

/** The canonical text of what a path is read as; null where it says nothing (`read` throws a PictorError). */
export function readsAs(path: string, read: (path: string) => ImageRequest): string | null {
  try {
    return canonicalText(read(path));
  } catch (thrown) {
    if (thrown instanceof PictorError) return null;
    throw thrown;
  }
}

/** A copy that nobody can change. */
export const freezeRequest = (request: ImageRequest): ImageRequest => frozen(request);

/** Every URI the request reads: the original first, then further pictures (watermarks), each once. */
export function sourcesOf(request: ImageRequest): readonly string[] {
  const further = request.operations.flatMap(
    (operation) => definitionOf(operation).sources?.(operation) ?? [],
  );
  return [...new Set([request.source, ...further])];
}

/**
 * Takes a request from outside: every field checked, unknown ones refused.
 * @throws PictorError OPTION_INVALID
 */
export function parseImageRequest(value: unknown): ImageRequest {
  const parsed = requestSchema().safeParse(value);
  if (!parsed.success) throw new PictorError('OPTION_INVALID', { detail: z.prettifyError(parsed.error) });
  return freezeRequest(parsed.data);
}

const definitionOf = (operation: Operation): OperationDefinition<Operation> => operations[operation.op];

type Plain = string | number | boolean | readonly Plain[] | { readonly [name: string]: Plain };

/** Names in order, absent ones gone. */
function sorted(value: unknown): Plain {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value as Plain;
  const fields = Object.entries(value).filter(([, field]) => field !== undefined);
  fields.sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(fields.map(([name, field]) => [name, sorted(plainGravity(field))]));
}

const gravityDefaults = { x: 0, y: 0, rounding: 'half-even' };

/** Offsets of zero and the usual rounding say nothing. */
function plainGravity(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !('type' in value) || value.type !== 'compass')
    return value;
  return without(value, gravityDefaults);
}

/** The text of each default; worked out once per list of them, for this runs for every request that is no repeated hit. */
const usualTexts = new WeakMap<object, ReadonlyMap<string, string | undefined>>();

function usualOf(defaults: object): ReadonlyMap<string, string | undefined> {
  const known = usualTexts.get(defaults);
  if (known !== undefined) return known;
  const made = new Map(Object.entries(defaults).map(([name, field]) => [name, textOf(field)]));
  usualTexts.set(defaults, made);
  return made;
}

/** The fields that differ from these. */
function without(value: object, defaults: object): object {
  const usual = usualOf(defaults);
  return Object.fromEntries(
    Object.entries(value).filter(([name, field]) => !usual.has(name) || textOf(field) !== usual.get(name)),
  );
}

const textOf = (value: unknown): string | undefined => JSON.stringify(sorted({ value }));

const plainOperation = (operation: Operation): object => without(operation, definitionOf(operation).defaults);

const outputDefaults = {
  metadata: 'strip',
  copyright: true,
  profile: 'srgb',
  highDepth: false,
  matte: { r: 255, g: 255, b: 255 },
  formatQuality: {},
  encoder: {},
  untouched: [],
  svgScripts: 'remove',
  thumbnail: false,
} as const satisfies Partial<OutputSpec>;

/** Without what has no effect: qualities by format under a quality for all, preferences behind an exact format … */
function plainOutput(output: OutputSpec): object {
  const { format, encoder = {}, ...rest } = output;
  const { exact, negotiated = [], preferred = [] } = format;
  const knobs = Object.fromEntries(
    Object.entries(encoder).filter(([, each]) => Object.keys(each).length > 0),
  );
  return without(
    {
      ...rest,
      format: {
        exact,
        ...(negotiated.length === 0 ? {} : { negotiated }),
        ...(exact !== undefined || preferred.length === 0 ? {} : { preferred }),
      },
      encoder: knobs,
      formatQuality: output.quality === undefined ? output.formatQuality : undefined,
      copyright: output.metadata === 'keep' ? undefined : output.copyright,
    },
    outputDefaults,
  );
}

function frozen<T>(value: T): T {
  if (Array.isArray(value)) return Object.freeze(value.map(frozen)) as T;
  if (typeof value !== 'object' || value === null) return value;
  // Every request passes here: one loop is three times as fast as lists of entries.
  const copy: Record<string, unknown> = {};
  for (const name of Object.keys(value)) copy[name] = frozen((value as Record<string, unknown>)[name]);
  return Object.freeze(copy) as T;
}
