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
  /** Formats that cannot be written on this server, with the reason for the log; never chosen unless the request insists. */
  readonly unwritable?: ReadonlyMap<string, string>;
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
  const reason = facts.unwritable?.get(name);
  if (format === undefined || !isWritable(format) || reason !== undefined) {
    const detail = `${name} cannot be written${reason === undefined ? '' : `: ${reason}`}`;
    throw new PictorError('FORMAT_UNSUPPORTED', { detail });
  }
  return format;
}

function chosenName({ negotiated = [], exact, preferred = [] }: FormatChoice, facts: FormatFacts): string {
  const isHere = (name: string) => facts.unwritable?.has(name) !== true;
  const fitting = negotiated
    .filter(isHere)
    .find((name) => !facts.animated || byName.get(name)?.holds.animation === true);
  if (fitting !== undefined) return fitting;
  if (exact !== undefined) return exact;
  const wanted = preferred.length > 0 ? preferred : withSource(facts.source);
  // Where nothing is left the first one is refused, with its reason.
  const list = wanted.some(isHere) ? wanted.filter(isHere) : wanted;
  if (list.includes(facts.source)) return facts.source;
  return list.find((name) => holds(name, facts)) ?? list[0]!;
}

/** What a codec of ours writes is huge, slow or read by few: only requests that name it get it. */
const withSource = (source: string): readonly string[] =>
  byName.get(source)?.write?.by === 'libvips' ? [source, ...lastResort] : lastResort;

function holds(name: string, { animated, transparent }: FormatFacts): boolean {
  const format = byName.get(name);
  if (format === undefined) return false;
  return (!animated || format.holds.animation) && (!transparent || format.holds.alpha);
}

const isWritable = (format: FormatDefinition): format is WritableFormat => format.write !== undefined;
