import { fromFlags } from '../dialects/vip/legacy.ts';
import { legacyVariables, usageText } from '../dialects/vip/legacy-names.ts';
import { legacyValuesOf } from './legacy-values.ts';

/** Defaults of `pictor vip` where they are not those of `pictor serve`, by path. */
export function vipDefaults(): ReadonlyMap<string, unknown> {
  const reading = fromFlags({ env: {}, args: [], isOurs: () => false, isFile: () => false });
  const defaults = new Map(legacyValuesOf(reading, 'vip').map(({ path, value }) => [path, value]));
  // The settings of the mount have a page of their own.
  return defaults.set('mounts', [{ prefix: '/', dialect: 'vip' }]);
}

/** Flags and variables of vip, for help. */
export function vipNotes(): string {
  const longest = Math.max(...legacyVariables.map(({ name }) => name.length));
  const rows = legacyVariables.map(({ name, meaning, fallback }) => {
    const shown = fallback === undefined ? '' : ` (default ${fallback})`;
    return `  ${name.padEnd(longest)}  ${meaning}${shown}`;
  });
  return `\n${usageText()}\nVariables:\n${rows.join('\n')}\n`;
}
