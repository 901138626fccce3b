import { assign, namesSet, prefix, textOf, type Work } from './legacy-work.ts';

/** A preset as it stands in a variable or a file. */
interface Definition {
  readonly where: string;
  readonly text: string;
}

/**
 * `name=option/option/…`, several in `PRESETS` and one per line in a file. Of two with one name the later counts, and those
 * of the file come later. What the options say is checked with the settings of the mount.
 */
export function readPresetVariables(work: Work): void {
  const presets: Record<string, string> = {};
  for (const { where, text } of definitions(work)) {
    const [name = '', options = '', ...more] = text.split('=');
    if (name === '' || options === '' || more.length > 0) {
      work.problems.push(`${where}: expected name=option/option…, got ${JSON.stringify(text)}`);
      continue;
    }
    presets[name] = options;
  }
  const names = [namesSet(work, 'PRESETS'), work.flags.presetsFile?.name ?? null];
  const origin = names.filter((name) => name !== null).join(', ');
  if (origin !== '') assign(work, 'settings.presets', { value: presets, origin });
}

function definitions(work: Work): Definition[] {
  const separator = textOf(work, 'PRESETS_SEPARATOR') ?? ',';
  const { presetsFile } = work.flags;
  const listed = (textOf(work, 'PRESETS') ?? '').split(separator);
  const lines = (presetsFile?.text ?? '').split('\n').filter((line) => !line.trim().startsWith('#'));
  return [
    ...listed.map((text) => ({ where: `${prefix}PRESETS`, text: text.trim() })),
    ...lines.map((text) => ({ where: presetsFile?.name ?? '', text: text.trim() })),
  ].filter(({ text }) => text !== '');
}
