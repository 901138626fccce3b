import { settingsSchema } from '../app/settings.ts';
import { loadConfig } from '../config/load.ts';
import type { CommandCall, ReadConfig } from './command.ts';
import { proxyValues } from './proxy-values.ts';

/** The configuration of `pictor serve`. @throws ConfigError */
export async function readServeConfig({ env, args }: Pick<CommandCall, 'env' | 'args'>): Promise<ReadConfig> {
  const loaded = await loadConfig({ schema: settingsSchema, env, args, legacy: proxyValues(env) });
  return { ...loaded, warnings: [] };
}
