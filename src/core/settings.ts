import * as z from 'zod';

/**
 * Building blocks for settings. Every section is a `z.strictObject` beside the code it governs; the config loader reads
 * names, defaults, descriptions and `meta` from the schema, so a setting is declared exactly once.
 * `describe()` is the help text: meaning first, then unit and bounds.
 */

const units: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
  k: 1024,
  m: 1024 ** 2,
  g: 1024 ** 3,
  kib: 1024,
  mib: 1024 ** 2,
  gib: 1024 ** 3,
  tib: 1024 ** 4,
};

/** Reads `1048576`, `64MiB`, `1.5 GB` as bytes; null when it is none of these. */
function parseByteSize(text: string): number | null {
  const match = /^(\d+(?:\.\d+)?)\s*([a-z]*)$/i.exec(text.trim());
  const unit = match === null ? undefined : units[match[2]!.toLowerCase()];
  return match === null || unit === undefined ? null : Math.round(Number(match[1]) * unit);
}

// Building a schema is most of what a setting costs at the start, so what many settings have in common is built once.
const bytesOrText = z
  .union([z.number().check(z.int(), z.nonnegative()), z.string()])
  .transform((value, context) => {
    const parsed = typeof value === 'number' ? value : parseByteSize(value);
    if (parsed !== null) return parsed;
    context.addIssue({ code: 'custom', message: 'expected bytes, for instance 67108864 or 64MiB' });
    return z.NEVER;
  })
  .meta({ syntax: 'bytes, e.g. 64MiB' });
const anySeconds = z.number().nonnegative().meta({ syntax: 'seconds' });
const wholeFromNought = z.number().check(z.int(), z.gte(0));
const wholeFromOne = z.number().check(z.int(), z.gte(1));

/** A number of bytes, written as a number or as text with a unit (`64MiB`). */
export const byteSize = (bytes: number | string) => bytesOrText.prefault(bytes);

/** A non-negative number of seconds; fractions are allowed. */
export const seconds = (value: number) => anySeconds.default(value);

/** A whole number from `min` on. */
export const count = (value: number, min: 0 | 1 = 0) =>
  (min === 0 ? wholeFromNought : wholeFromOne).default(value);

/** Text that is masked wherever configuration is shown. */
export const secretText = () => z.string().meta({ secret: true });
