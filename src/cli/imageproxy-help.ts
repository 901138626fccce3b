import { fromFlags, variablePrefix } from '../dialects/imageproxy/legacy.ts';
import { usageText } from '../dialects/imageproxy/legacy-flags.ts';
import { legacyValues } from './imageproxy-config.ts';

/** Defaults of `pictor imageproxy` where they are not those of `pictor serve`, by path. */
export function imageproxyDefaults(): ReadonlyMap<string, unknown> {
  const reading = fromFlags({ env: {}, args: [], isOurs: () => false, readBytes: () => '' });
  const defaults = new Map(legacyValues(reading).map(({ path, value }) => [path, value]));
  // The settings of the mount have a page of their own.
  return defaults.set('mounts', [{ prefix: '/', dialect: 'imageproxy' }]);
}

/** Flags and variables of imageproxy, for help. */
export const imageproxyNotes = (): string =>
  `\n${usageText()}\nEach flag is also a variable: ${variablePrefix} and its name in capitals, for instance ${variablePrefix}ALLOWHOSTS.\n`;
