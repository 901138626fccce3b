import { statSync } from 'node:fs';
import { configFileFlag } from '../config/flags.ts';
import { loadConfig } from '../config/load.ts';
import type { Problem } from '../config/problems.ts';
import { listSettings } from '../config/settings-tree.ts';
import { fromFlags, type LegacyReading } from '../dialects/vip/legacy.ts';
import type { ConfigCall, ReadConfig } from './command.ts';
import { legacyValuesOf } from './legacy-values.ts';
import { settingsSpeaking } from './settings-speaking.ts';
import { surroundingValues } from './surroundings.ts';

const isFile = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isFile() === true;

/** What a call says in vip's terms. */
export async function readVipFlags({ env, args }: Pick<ConfigCall, 'env' | 'args'>): Promise<LegacyReading> {
  const schema = await settingsSpeaking('vip', { env, args });
  const own = new Set([configFileFlag, ...listSettings(schema).map(({ flag }) => flag)]);
  return fromFlags({ env, args, isFile, isOurs: (flag) => own.has(flag) });
}

/** The configuration of `pictor vip`. @throws ConfigError */
export async function readVipConfig(call: ConfigCall): Promise<ReadConfig> {
  const reading = await readVipFlags(call);
  const misuses = reading.misuses.map((message): Problem => ({ where: 'vip', message }));
  const loaded = await loadConfig({
    ...(call.places && { places: call.places }),
    schema: await settingsSpeaking('vip', call),
    env: call.env,
    args: reading.rest,
    legacy: [...surroundingValues({ env: {}, columns: call.columns }), ...legacyValuesOf(reading, 'vip')],
    problems: [...misuses, ...reading.problems],
  });
  return { ...loaded, warnings: reading.notices };
}
