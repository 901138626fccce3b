import { settingsSchema } from '../app/settings.ts';
import { loadConfig } from '../config/load.ts';
import type { ConfigCall, ReadConfig } from './command.ts';
import { surroundingValues } from './surroundings.ts';

/** The configuration of `pictor serve`. @throws ConfigError */
export async function readServeConfig(call: ConfigCall): Promise<ReadConfig> {
  const { env, args } = call;
  const loaded = await loadConfig({ schema: settingsSchema, env, args, legacy: surroundingValues(call) });
  return { ...loaded, warnings: [] };
}
