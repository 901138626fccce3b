import { readFileSync } from 'node:fs';
import { configFileFlag } from '../config/flags.ts';
import type { LegacyValue } from '../config/load.ts';
import { loadConfig } from '../config/load.ts';
import type { Problem } from '../config/problems.ts';
import { listSettings } from '../config/settings-tree.ts';
import { fromFlags, type LegacyReading } from '../dialects/imageproxy/legacy.ts';
import type { ConfigCall, ReadConfig } from './command.ts';
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

/** What a value is called when nobody set it: ours may differ. */
const unset = 'imageproxy default';

const mountPath = 'settings.';

/** Values by path as the loader takes them: those of the mount become one list of mounts. */
export function legacyValues({ values, origins }: Pick<LegacyReading, 'values' | 'origins'>): LegacyValue[] {
  const isOfMount = (path: string) => path.startsWith(mountPath);
  const places = [...values.keys()];
  const settings = places
    .filter(isOfMount)
    .map((path) => [path.slice(mountPath.length), values.get(path)] as const);
  const parts = places
    .filter((path) => isOfMount(path) && origins.has(path))
    .map((path) => [`[0].${path}`, origins.get(path)!] as const);
  const mount = { prefix: '/', dialect: 'imageproxy', settings: Object.fromEntries(settings) };
  return [
    ...places
      .filter((path) => !isOfMount(path))
      .map((path) => ({ path, value: values.get(path), name: origins.get(path) ?? unset })),
    { path: 'mounts', value: [mount], name: unset, parts: Object.fromEntries(parts) },
  ];
}

/** The configuration of `pictor imageproxy`. @throws ConfigError */
export async function readImageproxyConfig(call: ConfigCall): Promise<ReadConfig> {
  const reading = await readFlagsOf(call);
  const misuses = reading.misuses.map((message): Problem => ({ where: 'imageproxy', message }));
  const loaded = await loadConfig({
    schema: await settingsSpeaking('imageproxy', call),
    env: call.env,
    args: reading.rest,
    // The proxies of the environment are left out: imageproxy never asked them.
    legacy: [...surroundingValues({ env: {}, columns: call.columns }), ...legacyValues(reading)],
    problems: [...misuses, ...reading.problems],
  });
  return { ...loaded, warnings: reading.notices };
}
