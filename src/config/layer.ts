import { secretShown } from './mask.ts';
import type { Problem } from './problems.ts';
import { showValue, withSyntax } from './problems.ts';
import type { Setting } from './settings-tree.ts';
import { readText } from './text-value.ts';

/** Where a value came from. Later in this list wins. */
export type OriginKind = 'default' | 'legacy' | 'file' | 'env' | 'flag';

export interface Origin {
  readonly from: OriginKind;
  /** Variable, flag, or file and line; empty for defaults. */
  readonly name: string;
}

/** A value found in one layer. */
export interface LayerEntry {
  readonly setting: Setting;
  readonly value: unknown;
  readonly origin: Origin;
  /** Names of what parts of it come from, by their place in it: `[0].prefix`. */
  readonly parts?: Readonly<Record<string, string>>;
}

/** Everything one layer (file, environment, flags, an old server's configuration) has to say. */
export interface Layer {
  readonly entries: readonly LayerEntry[];
  readonly problems: readonly Problem[];
}

/** Reads one text for one setting; the outcome is either an entry or a problem. */
export function readTextEntry(setting: Setting, text: string, origin: Origin): LayerEntry | Problem {
  const reading = readText(setting.schema, text);
  if ('value' in reading) return { setting, value: reading.value, origin };
  const value = setting.secret ? secretShown : showValue(text);
  return { where: origin.name, value, message: withSyntax(reading.expected, setting.syntax) };
}

/** Sorts outcomes into a layer. */
export function toLayer(outcomes: readonly (LayerEntry | Problem)[]): Layer {
  return {
    entries: outcomes.filter((outcome) => 'setting' in outcome),
    problems: outcomes.filter((outcome) => 'where' in outcome),
  };
}
