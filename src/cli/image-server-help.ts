import { fromFlags } from '../dialects/image-server/legacy.ts';
import { usageText } from '../dialects/image-server/legacy-flags.ts';
import { legacyValues } from './image-server-config.ts';

/** Defaults of `pictor image-server server` where they are not those of `pictor serve`, by path. */
export function imageServerDefaults(): ReadonlyMap<string, unknown> {
  const reading = fromFlags({ env: {}, args: [], isOurs: () => false });
  const defaults = new Map(legacyValues(reading).map(({ path, value }) => [path, value]));
  // The settings of the mount have a page of their own.
  return defaults.set('mounts', [{ prefix: '/', dialect: 'image-server' }]);
}

/** Commands and flags of image-server, for help. */
export const imageServerNotes = (): string => `
Commands: server, start (with the variables of the Docker image), cli PATH, generate-secret, sign-url, version.

${usageText()}`;
