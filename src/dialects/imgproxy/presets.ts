import { PictorError } from '../../core/errors.ts';
import { applyPresets } from './v4-delivery-options.ts';
import { emptyDraft } from './v4-draft.ts';
import type { Presets } from './v4-option.ts';
import { readyOption } from './v4-options.ts';

/** The preset that comes before the options of every URL. */
export const defaultPreset = 'default';

/**
 * Presets looked up, ready to be applied.
 * @param definitions options by name: `rs:fill:300:200/q:70`
 * @throws PictorError OPTION_INVALID
 */
export function readPresets(definitions: Readonly<Record<string, string>>, separator: string): Presets {
  return new Map(
    Object.entries(definitions).map(([name, text]) => [
      name,
      text.split('/').map((part) => {
        const ready = readyOption(part, separator);
        if (ready !== null) return ready;
        throw new PictorError('OPTION_INVALID', { detail: `an option without arguments: ${part}` });
      }),
    ]),
  );
}

interface PresetSettings {
  readonly presets: Readonly<Record<string, string>>;
  readonly argumentsSeparator: string;
  readonly allowSecurityOptions: boolean;
}

/** What is wrong with each preset that cannot be applied, found by applying it. */
export function presetProblems({
  presets: definitions,
  argumentsSeparator,
  allowSecurityOptions,
}: PresetSettings): readonly { readonly name: string; readonly message: string }[] {
  const sound: Record<string, string> = {};
  const problems: { name: string; message: string }[] = [];
  const attempt = (name: string, work: () => void): boolean => {
    try {
      work();
      return true;
    } catch (thrown) {
      if (!(thrown instanceof PictorError)) throw thrown;
      problems.push({ name, message: thrown.detail ?? thrown.message });
      return false;
    }
  };
  for (const [name, text] of Object.entries(definitions)) {
    if (attempt(name, () => readPresets({ [name]: text }, argumentsSeparator))) sound[name] = text;
  }
  const presets = readPresets(sound, argumentsSeparator);
  // One that names a broken preset is not to blame: it would only repeat the complaint.
  if (problems.length > 0) return problems;
  for (const name of presets.keys()) {
    attempt(name, () => applyPresets(emptyDraft(), [name], { allowSecurityOptions, presets, within: [] }));
  }
  return problems;
}
