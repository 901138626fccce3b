import { readFileSync, statSync } from 'node:fs';
import { configFileFlag } from '../config/flags.ts';
import { type LegacyValue, loadConfig } from '../config/load.ts';
import { ConfigError, type Problem } from '../config/problems.ts';
import { listSettings } from '../config/settings-tree.ts';
import { fromJson, type LegacyReading } from '../dialects/s3imageserver/legacy.ts';
import { goUsage, readGoFlags } from '../lib/go-flags.ts';
import type { ConfigCall, ReadConfig } from './command.ts';
import { settingsSpeaking } from './settings-speaking.ts';
import { surroundingValues } from './surroundings.ts';

const usualFile = 'config.json';

const configFlag = {
  name: 'c',
  takes: ' string',
  usage: 'configuration file',
  fallback: `"${usualFile}"`,
} as const;

/** The one flag of s3imageserver, as Go prints it. */
export const s3imageserverUsage = (): string => goUsage('s3imageserver', [configFlag]);

/** The command line of a call. */
export interface S3imageserverFlags {
  readonly file: string;
  /** Flags of pictor's own. */
  readonly rest: readonly string[];
  /** What is wrong with it, in Go's words. */
  readonly misuses: readonly string[];
  /** Words that are not read. */
  readonly unread: readonly string[];
}

/** What a call says in s3imageserver's terms. */
export async function readS3imageserverFlags(
  call: Pick<ConfigCall, 'env' | 'args'>,
): Promise<S3imageserverFlags> {
  const schema = await settingsSpeaking('s3imageserver', call);
  const own = new Set([configFileFlag, ...listSettings(schema).map(({ flag }) => flag)]);
  const { given, rest, misuses, unread } = readGoFlags(call.args, {
    flags: [configFlag],
    isSwitch: () => false,
    isOurs: (flag) => own.has(flag),
  });
  return { file: given.at(-1)?.text ?? usualFile, rest, misuses, unread };
}

const isFile = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isFile() === true;

/** @throws ConfigError when the file cannot be read */
function readFile(file: string): LegacyReading {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    const message = code === 'ENOENT' ? 'there is no such file' : `the file cannot be read (${code})`;
    throw new ConfigError([{ where: file, message }]);
  }
  return fromJson({ text, file, isFile });
}

const unset = 's3imageserver default';

function valuesOf({ values, origins, mounts, parts }: LegacyReading, file: string): LegacyValue[] {
  return [
    ...[...values].map(([path, value]) => ({ path, value, name: origins.get(path) ?? unset })),
    { path: 'mounts', value: mounts, name: file, parts },
  ];
}

/** The configuration of `pictor s3imageserver`. @throws ConfigError */
export async function readS3imageserverConfig(call: ConfigCall): Promise<ReadConfig> {
  const flags = await readS3imageserverFlags(call);
  const misuses = flags.misuses.map((message): Problem => ({ where: 's3imageserver', message }));
  const reading = readFile(flags.file);
  // Of a file that cannot be understood only that is told.
  if (reading.mounts.length === 0) throw new ConfigError([...misuses, ...reading.problems]);
  const loaded = await loadConfig({
    ...(call.places && { places: call.places }),
    schema: await settingsSpeaking('s3imageserver', call),
    env: call.env,
    args: flags.rest,
    legacy: legacyOf(call, reading, flags.file),
    problems: [...misuses, ...reading.problems],
  });
  return { ...loaded, warnings: [...unreadNotice(flags), ...reading.notices] };
}

const legacyOf = ({ columns }: ConfigCall, reading: LegacyReading, file: string): LegacyValue[] => [
  ...surroundingValues({ env: {}, columns }),
  ...valuesOf(reading, file),
];

const unreadNotice = ({ unread }: S3imageserverFlags): readonly string[] =>
  unread.length === 0
    ? []
    : [`not read, because flags end at the first word that is none: ${unread.join(' ')}`];
