import { configFileFlag } from '../config/flags.ts';
import type { LegacyValue } from '../config/load.ts';
import { loadConfig } from '../config/load.ts';
import type { Problem } from '../config/problems.ts';
import { listSettings } from '../config/settings-tree.ts';
import { fromFlags, type LegacyReading } from '../dialects/image-server/legacy.ts';
import { dockerFlags } from '../dialects/image-server/legacy-docker.ts';
import type { ConfigCall, ReadConfig } from './command.ts';
import { settingsSpeaking } from './settings-speaking.ts';
import { surroundingValues } from './surroundings.ts';

/** What a call says in image-server's terms; the word of the command may stand anywhere in it. */
async function readFlagsOf({ env, args }: Pick<ConfigCall, 'env' | 'args'>): Promise<LegacyReading> {
  const schema = await settingsSpeaking('image-server', { env, args });
  const own = new Set([configFileFlag, ...listSettings(schema).map(({ flag }) => flag)]);
  return fromFlags({ env, args, isOurs: (flag) => own.has(flag) });
}

/** What a value is called when nobody set it: ours may differ. */
const unset = 'image-server default';

const mountPath = 'settings.';

/** `a.b.c` and its value as a tree. */
function put(tree: Record<string, unknown>, path: string, value: unknown): void {
  const keys = path.split('.');
  let section = tree;
  for (const key of keys.slice(0, -1)) {
    section[key] ??= {};
    section = section[key] as Record<string, unknown>;
  }
  section[keys.at(-1)!] = value;
}

/** Values by path as the loader takes them: those of the mount become one list of mounts. */
export function legacyValues({ values, origins }: Pick<LegacyReading, 'values' | 'origins'>): LegacyValue[] {
  const settings: Record<string, unknown> = {};
  const parts: Record<string, string> = {};
  const others: LegacyValue[] = [];
  for (const [path, value] of values) {
    const name = origins.get(path);
    if (!path.startsWith(mountPath)) others.push({ path, value, name: name ?? unset });
    else {
      put(settings, path.slice(mountPath.length), value);
      if (name !== undefined) parts[`[0].${path}`] = name;
    }
  }
  const mount = { prefix: '/', dialect: 'image-server', settings };
  return [...others, { path: 'mounts', value: [mount], name: unset, parts }];
}

/** The configuration of `pictor image-server server`; `start` has the variables of the Docker image too. @throws ConfigError */
export async function readImageServerConfig(call: ConfigCall): Promise<ReadConfig> {
  const starts = call.args.includes('start');
  const args = starts ? [...dockerFlags(call.env), ...call.args] : call.args;
  const reading = await readFlagsOf({ env: call.env, args });
  const unexpected = reading.words.filter((word) => word !== 'server' && word !== 'start');
  const misuses = [
    ...reading.misuses,
    ...unexpected.map((word) => `unexpected argument: ${JSON.stringify(word)}`),
  ];
  const loaded = await loadConfig({
    ...(call.places && { places: call.places }),
    schema: await settingsSpeaking('image-server', call),
    env: call.env,
    args: reading.rest,
    legacy: [...surroundingValues(call), ...legacyValues(reading)],
    problems: [
      ...misuses.map((message): Problem => ({ where: 'image-server', message })),
      ...reading.problems,
    ],
  });
  return { ...loaded, warnings: reading.notices };
}
