import { PictorError } from '../core/errors.ts';
import type { FormatDefinition } from '../core/format.ts';
import { formats } from '../formats/index.gen.ts';
import type { FormatChoice } from '../request/image-request.ts';

/** A format that can be written. */
export type WritableFormat = FormatDefinition & { readonly write: NonNullable<FormatDefinition['write']> };

export interface FormatFacts {
  /** Format of the source. */
  readonly source: string;
  /** The result would have several frames, could the format hold them. */
  readonly animated: boolean;
  readonly transparent: boolean;
}

const byName: ReadonlyMap<string, FormatDefinition> = new Map(Object.entries(formats));

/** Chosen when a request names no format at all and its source's own cannot be written: every client reads them. */
const lastResort: readonly string[] = ['jpeg', 'png', 'gif'];

/**
 * Applies the rules of `FormatChoice`.
 * @throws PictorError FORMAT_UNSUPPORTED when the chosen format is unknown or cannot be written
 */
export function chooseFormat(choice: FormatChoice, facts: FormatFacts): WritableFormat {
  const name = chosenName(choice, facts);
  const format = byName.get(name);
  if (format === undefined || !isWritable(format)) {
    throw new PictorError('FORMAT_UNSUPPORTED', { detail: `${name} cannot be written` });
  }
  return format;
}

function chosenName({ negotiated = [], exact, preferred = [] }: FormatChoice, facts: FormatFacts): string {
  const fitting = negotiated.find((name) => !facts.animated || byName.get(name)?.holds.animation === true);
  if (fitting !== undefined) return fitting;
  if (exact !== undefined) return exact;
  const list = preferred.length > 0 ? preferred : withSource(facts.source);
  if (list.includes(facts.source)) return facts.source;
  return list.find((name) => holds(name, facts)) ?? list[0]!;
}

const withSource = (source: string): readonly string[] => {
  const format = byName.get(source);
  return format !== undefined && isWritable(format) ? [source, ...lastResort] : lastResort;
};

function holds(name: string, { animated, transparent }: FormatFacts): boolean {
  const format = byName.get(name);
  if (format === undefined) return false;
  return (!animated || format.holds.animation) && (!transparent || format.holds.alpha);
}

const isWritable = (format: FormatDefinition): format is WritableFormat => format.write !== undefined;
