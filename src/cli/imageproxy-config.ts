import { readFileSync } from 'node:fs';
import { configFileFlag } from '../config/flags.ts';
import type { LegacyValue } from '../config/load.ts';
import { loadConfig } from '../config/load.ts';
import type { Problem } from '../config/problems.ts';
import { listSettings } from '../config/settings-tree.ts';
import { fromFlags, type LegacyReading } from '../dialects/imageproxy/legacy.ts';
import type { ConfigCall, ReadConfig } from './command.ts';
import { legacyValuesOf } from './legacy-values.ts';
import { settingsSpeaking } from './settings-speaking.ts';
import { surroundingValues } from './surroundings.ts';

/** The bytes of a file that a flag names, or why they cannot be read. */
export function readBytes(path: string): Uint8Array | string {
  try {
    return readFileSync(path);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    return `the file cannot be read (${code})`;
  }
}

/** What a call says in imageproxy's terms. */
export async function readFlagsOf({ env, args }: Pick<ConfigCall, 'env' | 'args'>): Promise<LegacyReading> {
  const schema = await settingsSpeaking('imageproxy', { env, args });
  const own = new Set([configFileFlag, ...listSettings(schema).map(({ flag }) => flag)]);
  return fromFlags({ env, args, readBytes, isOurs: (flag) => own.has(flag) });
}

/** Values by path as the loader takes them. */
export const legacyValues = (reading: Pick<LegacyReading, 'values' | 'origins'>): LegacyValue[] =>
  legacyValuesOf(reading, 'imageproxy');

/** The configuration of `pictor imageproxy`. @throws ConfigError */
export async function readImageproxyConfig(call: ConfigCall): Promise<ReadConfig> {
  const reading = await readFlagsOf(call);
  const misuses = reading.misuses.map((message): Problem => ({ where: 'imageproxy', message }));
  const loaded = await loadConfig({
    ...(call.places && { places: call.places }),
    schema: await settingsSpeaking('imageproxy', call),
    env: call.env,
    args: reading.rest,
    // The proxies of the environment are left out: imageproxy never asked them.
    legacy: [...surroundingValues({ env: {}, columns: call.columns }), ...legacyValues(reading)],
    problems: [...misuses, ...reading.problems],
  });
  return { ...loaded, warnings: reading.notices };
}
