import { readFileSync } from 'node:fs';
import { packageVersion } from '../app/package-files.ts';
import { settingsSchema } from '../app/settings.ts';
import type { Environment } from '../config/environment.ts';
import type { LegacyValue } from '../config/load.ts';
import { loadConfig } from '../config/load.ts';
import type { Problem } from '../config/problems.ts';
import { fromEnvironment } from '../dialects/imgproxy/legacy.ts';
import { legacyVariables } from '../dialects/imgproxy/legacy-variables.ts';
import type { LegacyFlags } from '../dialects/imgproxy/legacy-work.ts';
import type { ConfigCall, ReadConfig } from './command.ts';
import { takeGoFlags } from './go-flags.ts';
import { surroundingValues } from './surroundings.ts';

/** imgproxy's own flags. */
export const imgproxyFlags = { values: ['keypath', 'saltpath', 'presets'], switches: ['v'] } as const;

/** imgproxy keeps nothing: in its place pictor leaves the disk alone unless PICTOR_CACHE_DIR says otherwise. */
const memoryCache: LegacyValue = { path: 'cache.dir', value: '', name: 'imgproxy default' };

interface FlagFiles {
  readonly flags: LegacyFlags;
  readonly problems: readonly Problem[];
}

/** Reads the files the flags name. Key files hold one key per line. */
function readFlagFiles(values: Readonly<Record<string, string>>): FlagFiles {
  const problems: Problem[] = [];
  const read = (name: string): string | undefined => {
    const file = values[name];
    if (file === undefined) return undefined;
    try {
      return readFileSync(file, 'utf8').trim();
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
      problems.push({
        where: `-${name}`,
        value: JSON.stringify(file),
        message: `the file cannot be read (${code})`,
      });
      return undefined;
    }
  };
  const lines = (text: string | undefined) => text?.split(/\s+/).join(',');
  const [keyText, saltText, presetsText] = [lines(read('keypath')), lines(read('saltpath')), read('presets')];
  const flags = {
    version: packageVersion(),
    ...(keyText === undefined ? {} : { keyText }),
    ...(saltText === undefined ? {} : { saltText }),
    ...(presetsText === undefined ? {} : { presetsText }),
  };
  return { flags, problems };
}

/** Which variable a value came from, for `pictor config`. */
function nameOrigin(path: string, env: Environment): string {
  const variable = legacyVariables
    .filter(({ to }) => to.includes(path))
    .flatMap(({ name, formerly = [] }) => [name, ...formerly])
    .find((name) => Boolean(env[`IMGPROXY_${name}`]));
  if (variable !== undefined) return `IMGPROXY_${variable}`;
  return path === 'mounts' ? 'IMGPROXY_…' : 'imgproxy default';
}

/** `{ server: { bind: x } }` as `server.bind`; a list is one value. */
function flatten(tree: Readonly<Record<string, unknown>>, env: Environment, above = ''): LegacyValue[] {
  return Object.entries(tree).flatMap(([key, value]) => {
    const path = above + key;
    const isSection = typeof value === 'object' && value !== null && !Array.isArray(value);
    if (isSection) return flatten(value as Readonly<Record<string, unknown>>, env, `${path}.`);
    return [{ path, value, name: nameOrigin(path, env) }];
  });
}

/** `IMGPROXY_TTL: expected …` as a problem. */
function toProblem(complaint: string): Problem {
  const colon = complaint.indexOf(': ');
  if (colon === -1) return { where: 'imgproxy', message: complaint };
  return { where: complaint.slice(0, colon), message: complaint.slice(colon + 2) };
}

/** The configuration of `pictor imgproxy`. @throws ConfigError */
export async function readImgproxyConfig(call: ConfigCall): Promise<ReadConfig> {
  const { env, args } = call;
  const { values, rest } = takeGoFlags(args, imgproxyFlags);
  const files = readFlagFiles(values);
  const reading = fromEnvironment(env, files.flags);
  const loaded = await loadConfig({
    schema: settingsSchema,
    env,
    args: rest,
    legacy: [...surroundingValues(call), memoryCache, ...flatten(reading.config, env)],
    problems: [...files.problems, ...reading.problems.map(toProblem)],
  });
  return { ...loaded, warnings: reading.notices };
}
