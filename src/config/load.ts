import type { z } from 'zod';
import { checkConfig, type PlaceChecks } from './check.ts';
import type { Environment } from './environment.ts';
import { configFileVariable, readEnvironment } from './environment.ts';
import type { FileReading } from './file.ts';
import { readConfigFile } from './file.ts';
import { readFlags } from './flags.ts';
import type { LayerEntry, Origin } from './layer.ts';
import type { Problem } from './problems.ts';
import type { Setting } from './settings-tree.ts';
import { listSettings } from './settings-tree.ts';

/** One value that an older server's variables, flags or defaults mean in our terms. */
export interface LegacyValue {
  /** Path of a setting: `server.bind`. */
  readonly path: string;
  readonly value: unknown;
  /** What it was called there: `IMGPROXY_BIND`, or `imgproxy default`. */
  readonly name: string;
  /** Names of what parts of it come from, by their place in it: `[0].prefix`. The rest is called like the whole. */
  readonly parts?: Readonly<Record<string, string>>;
}

export interface LoadInput<Schema extends z.ZodType> {
  /** Tree of strict objects; every part that is not an object is a setting. */
  readonly schema: Schema;
  readonly env: Environment;
  /** Command line after the command: `['--cache-dir', '/var/cache/pictor']`. */
  readonly args: readonly string[];
  /** Configuration file; `--config` and then `PICTOR_CONFIG` are asked when absent. */
  readonly file?: string;
  readonly legacy?: readonly LegacyValue[];
  /** What is wrong already, before anything is read here: reported with the rest. */
  readonly problems?: readonly Problem[];
  /** What else must be right. Absent: nothing is looked at but the settings themselves. */
  readonly places?: PlaceChecks<z.output<Schema>>;
}

export interface LoadedConfig<Config> {
  /** Frozen to the last leaf. */
  readonly config: Config;
  /** Where each value came from, by path; every setting is there, and parts of one that differ: `mounts[0].prefix`. */
  readonly origins: ReadonlyMap<string, Origin>;
  readonly settings: readonly Setting[];
  readonly file: string | null;
}

/** Freezes plain objects and lists all the way down; bytes (which cannot be frozen) and class instances stay as they are. */
function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== Array.prototype && prototype !== null) return value;
  for (const inner of Object.values(value)) deepFreeze(inner);
  return Object.freeze(value);
}

function legacyEntries(settings: readonly Setting[], legacy: readonly LegacyValue[]): LayerEntry[] {
  return legacy.map(({ path, value, name, parts = {} }) => {
    const setting = settings.find((candidate) => candidate.path === path);
    if (setting === undefined) throw new Error(`no setting is called ${path}`);
    return { setting, value, origin: { from: 'legacy', name }, parts };
  });
}

/** `{ 'cache.dir': x }` becomes `{ cache: { dir: x } }`; sections without a value are left to the schema's defaults. */
function buildTree(entries: Iterable<LayerEntry>): Record<string, unknown> {
  const tree: Record<string, unknown> = {};
  for (const { setting, value } of entries) {
    let section = tree;
    for (const key of setting.keys.slice(0, -1)) {
      section[key] ??= {};
      section = section[key] as Record<string, unknown>;
    }
    section[setting.keys.at(-1)!] = value;
  }
  return tree;
}

function originsBelow(path: string, entry: LayerEntry | undefined): [string, Origin][] {
  const { origin = { from: 'default', name: '' }, parts = {} } = entry ?? {};
  const inner = Object.entries(parts).map(([place, name]): [string, Origin] => [
    path + place,
    { ...origin, name },
  ]);
  return [[path, origin], ...inner];
}

async function readFileLayer(schema: z.ZodType, settings: readonly Setting[], file: string | null) {
  const reading: FileReading | null = file === null ? null : await readConfigFile(schema, settings, file);
  return { reading, entries: reading?.entries ?? [], problems: reading?.problems ?? [] };
}

/**
 * Defaults < an older server's configuration < file < environment < flags, as one checked, frozen tree.
 * @throws ConfigError with every problem of every layer at once
 */
export async function loadConfig<Schema extends z.ZodType>(
  input: LoadInput<Schema>,
): Promise<LoadedConfig<z.output<Schema>>> {
  const settings = listSettings(input.schema);
  const flags = readFlags(settings, input.args);
  const environment = readEnvironment(settings, input.env);
  const file = input.file ?? flags.file ?? (input.env[configFileVariable] || null);
  const fromFile = await readFileLayer(input.schema, settings, file);

  const chosen = new Map<string, LayerEntry>();
  const legacy = legacyEntries(settings, input.legacy ?? []);
  for (const entry of [...legacy, ...fromFile.entries, ...environment.entries, ...flags.entries]) {
    chosen.set(entry.setting.path, entry);
  }
  const raw = buildTree(chosen.values());
  const origins = new Map<string, Origin>(
    settings.flatMap(({ path }) => originsBelow(path, chosen.get(path))),
  );
  const config = await checkConfig({
    schema: input.schema,
    settings,
    raw,
    chosen,
    file: fromFile.reading,
    origins,
    places: input.places,
    problems: [...(input.problems ?? []), ...fromFile.problems, ...environment.problems, ...flags.problems],
  });
  return { config: deepFreeze(config), origins, settings, file };
}
