import { fromEnvironment } from '../dialects/imgproxy/legacy.ts';
import { composedVariables, legacyVariables } from '../dialects/imgproxy/legacy-variables.ts';
import { flatten, memoryCache } from './imgproxy-config.ts';

/** Defaults of `pictor imgproxy` where they are not those of `pictor serve`, by path. */
export function imgproxyDefaults(): ReadonlyMap<string, unknown> {
  const values = [memoryCache, ...flatten(fromEnvironment({}).config, {})];
  const defaults = new Map(values.map(({ path, value }) => [path, value]));
  // The settings of the mount have a page of their own.
  return defaults.set('mounts', [{ prefix: '/', dialect: 'imgproxy' }]);
}

const flags = `
Flags of imgproxy:
  -keypath FILE   read keys from a file, one per line, in hexadecimal
  -saltpath FILE  read salts from a file, likewise
  -presets FILE   read presets from a file, one per line
  -v              show the version
`;

/** Flags and variables of imgproxy, for help. */
export function imgproxyNotes(): string {
  const names = [...composedVariables, ...legacyVariables.map(({ name }) => name)].toSorted();
  const width = Math.max(...names.map((name) => name.length)) + 2;
  const rows: string[] = [];
  for (let index = 0; index < names.length; index += 3) {
    const row = names.slice(index, index + 3).map((name) => name.padEnd(width));
    rows.push(`  ${row.join('').trimEnd()}`);
  }
  const intro =
    'Variables, each after IMGPROXY_ (docs/reference/imgproxy-environment.md says what each becomes):';
  return `${flags}\n${intro}\n${rows.join('\n')}\n`;
}
