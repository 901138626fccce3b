import { demonstrationMounts, withoutStrangersUploads } from '../app/demonstration.ts';
import { dialectNames, loadDialects } from '../app/dialects.ts';
import { settingsFor } from '../app/settings-for.ts';
import { loadConfig } from '../config/load.ts';
import type { ConfigCall, ReadConfig } from './command.ts';
import { surroundingValues } from './surroundings.ts';

/** The configuration of `pictor serve`: whatever is mounted, and where nothing is, all dialects to try out. @throws ConfigError */
export async function readServeConfig(call: ConfigCall): Promise<ReadConfig> {
  const { env, args, places } = call;
  await loadDialects();
  const schema = settingsFor(dialectNames, demonstrationMounts);
  const loaded = await loadConfig({
    schema,
    env,
    args,
    legacy: surroundingValues(call),
    ...(places && { places }),
  });
  const isDemonstration = loaded.origins.get('mounts')?.from === 'default';
  const config = (isDemonstration ? withoutStrangersUploads(loaded.config) : null) ?? loaded.config;
  return { ...loaded, config, warnings: [] };
}
