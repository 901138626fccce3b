import type { z } from 'zod';
import { withoutQueryValues, withoutUserInfo } from '../lib/url-text.ts';
import { readMeta, unwrap } from './settings-tree.ts';

/** What stands in for a secret wherever configuration is shown. */
export const secretShown = '(secret)';

/** User and password of URLs, and what their queries say: both may be what a service knows this server by. */
export const withoutUrlSecrets = (text: string): string => withoutQueryValues(withoutUserInfo(text));

/** Schemas that may govern one part of a value: several behind a union. */
function partSchemas(schemas: readonly z.core.$ZodType[], key: string | null): z.core.$ZodType[] {
  return schemas.flatMap((schema) => {
    const def = unwrap(schema);
    if (def.type === 'union') return partSchemas(def.options, key);
    if (def.type === 'array') return key === null ? [def.element] : [];
    if (def.type === 'record') return key === null ? [] : [def.valueType];
    if (def.type === 'object' && key !== null && Object.hasOwn(def.shape, key)) return [def.shape[key]!];
    return [];
  });
}

function isSecret(schema: z.core.$ZodType): boolean {
  if (readMeta(schema).secret === true) return true;
  const def = unwrap(schema);
  return def.type === 'union' && def.options.some(isSecret);
}

function mask(schemas: readonly z.core.$ZodType[], value: unknown): unknown {
  const empty =
    value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0);
  if (empty) return value;
  // Bytes in a configuration are keys: nobody wants to read them, and they may have been text in the schema.
  if (schemas.some(isSecret) || ArrayBuffer.isView(value)) return secretShown;
  if (Array.isArray(value)) {
    const inner = partSchemas(schemas, null);
    return value.map((item) => mask(inner, item));
  }
  if (typeof value === 'string') return withoutUrlSecrets(value);
  if (typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, part]) => [key, mask(partSchemas(schemas, key), part)]),
  );
}

/**
 * A copy of a value in which everything the schema marks as secret is replaced, and what may be secret in every URL. Absent and
 * empty values stay visible.
 */
export const maskSecrets = (schema: z.core.$ZodType, value: unknown): unknown => mask([schema], value);
