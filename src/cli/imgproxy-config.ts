import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { packageVersion } from '../app/package-files.ts';
import type { Environment } from '../config/environment.ts';
import type { LegacyValue } from '../config/load.ts';
import { loadConfig } from '../config/load.ts';
import type { Problem } from '../config/problems.ts';
import { fromEnvironment, type LegacyReading, type PartialConfig } from '../dialects/imgproxy/legacy.ts';
import type { FlagFile, LegacyFlags } from '../dialects/imgproxy/legacy-work.ts';
import type { ConfigCall, ReadConfig } from './command.ts';
import { takeGoFlags } from './go-flags.ts';
import { settingsSpeaking } from './settings-speaking.ts';
import { surroundingValues } from './surroundings.ts';

/** imgproxy's own flags. */
export const imgproxyFlags = { values: ['keypath', 'saltpath', 'presets'], switches: ['v'] } as const;

/** imgproxy keeps nothing: in its place pictor leaves the disk alone unless PICTOR_CACHE_DIR says otherwise. */
export const memoryCache: LegacyValue = { path: 'cache.dir', value: '', name: 'imgproxy default' };

interface FlagFiles {
  readonly flags: LegacyFlags;
  readonly problems: readonly Problem[];
}

/** The file that a flag or a variable names; undefined, and a problem, when it cannot be read. */
function readNamedFile(where: string, file: string | undefined, problems: Problem[]): FlagFile | undefined {
  if (file === undefined || file === '') return undefined;
  try {
    return { name: `${where} ${file}`, text: readFileSync(file, 'utf8').trim() };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    problems.push({ where, value: JSON.stringify(file), message: `the file cannot be read (${code})` });
    return undefined;
  }
}

const presetsPath = 'IMGPROXY_PRESETS_PATH';

/** Reads the files the flags name, and the one with presets. Key files hold one key per line. */
function readFlagFiles(values: Readonly<Record<string, string>>, env: Environment): FlagFiles {
  const problems: Problem[] = [];
  const keyList = (name: string): FlagFile | undefined => {
    const file = readNamedFile(`-${name}`, values[name], problems);
    return file === undefined ? undefined : { ...file, text: file.text.split(/\s+/).join(',') };
  };
  const [keyFile, saltFile] = [keyList('keypath'), keyList('saltpath')];
  const presetsFile =
    values['presets'] === undefined
      ? readNamedFile(presetsPath, env[presetsPath], problems)
      : readNamedFile('-presets', values['presets'], problems);
  const flags = {
    version: packageVersion(),
    ...(keyFile === undefined ? {} : { keyFile }),
    ...(saltFile === undefined ? {} : { saltFile }),
    ...(presetsFile === undefined ? {} : { presetsFile }),
  };
  return { flags, problems };
}

const environmentPath = 'IMGPROXY_ENV_LOCAL_FILE_PATH';

/** The environment with the variables of the file that one of them names; those of the file win, as in imgproxy. */
function withLocalFile(env: Environment): {
  readonly env: Environment;
  readonly problems: readonly Problem[];
} {
  const problems: Problem[] = [];
  const file = readNamedFile(environmentPath, env[environmentPath], problems);
  return { env: file === undefined ? env : { ...env, ...parseEnv(file.text) }, problems };
}

/** What a value is called when nobody set it: ours may differ. */
const unset = 'imgproxy default';

/** Origins of the parts of one list, by their place in it: `[0].settings.quality`. */
const partsOf = (path: string, origins: LegacyReading['origins']): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(origins)
      .filter(([place]) => place.startsWith(`${path}[`))
      .map(([place, name]) => [place.slice(path.length), name]),
  );

/** `{ server: { bind: x } }` as `server.bind`; a list is one value. */
export function flatten(tree: PartialConfig, origins: LegacyReading['origins'], above = ''): LegacyValue[] {
  return Object.entries(tree).flatMap(([key, value]) => {
    const path = above + key;
    const isSection = typeof value === 'object' && value !== null && !Array.isArray(value);
    if (isSection) return flatten(value as PartialConfig, origins, `${path}.`);
    return [{ path, value, name: origins[path] ?? unset, parts: partsOf(path, origins) }];
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
  const { values, rest } = takeGoFlags(call.args, imgproxyFlags);
  const { env, problems } = withLocalFile(call.env);
  const files = readFlagFiles(values, env);
  const reading = fromEnvironment(env, files.flags);
  const loaded = await loadConfig({
    ...(call.places && { places: call.places }),
    schema: await settingsSpeaking('imgproxy', call),
    env,
    args: rest,
    legacy: [
      ...surroundingValues({ ...call, env }),
      memoryCache,
      ...flatten(reading.config, reading.origins),
    ],
    problems: [...problems, ...files.problems, ...reading.problems.map(toProblem)],
  });
  return { ...loaded, warnings: reading.notices };
}
