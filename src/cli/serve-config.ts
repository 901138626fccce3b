import { loadConfig } from '../config/load.ts';
import type { ConfigCall, ReadConfig } from './command.ts';
import { settingsSpeaking } from './settings-speaking.ts';
import { surroundingValues } from './surroundings.ts';

/** The configuration of `pictor serve`. @throws ConfigError */
export async function readServeConfig(call: ConfigCall): Promise<ReadConfig> {
  const { env, args } = call;
  const schema = await settingsSpeaking('imgproxy', call);
  const loaded = await loadConfig({ schema, env, args, legacy: surroundingValues(call) });
  return { ...loaded, warnings: [] };
}
