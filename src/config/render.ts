import * as z from 'zod';
import type { Origin } from './layer.ts';
import type { LoadedConfig } from './load.ts';
import { maskSecrets } from './mask.ts';
import type { Setting } from './settings-tree.ts';

const units: readonly (readonly [name: string, bytes: number])[] = [
  ['TiB', 1024 ** 4],
  ['GiB', 1024 ** 3],
  ['MiB', 1024 ** 2],
  ['GB', 1e9],
  ['MB', 1e6],
  ['KiB', 1024],
];

/** 67108864 as `64MiB`; numbers that no unit divides stay as they are. */
export function showBytes(bytes: number): string {
  const unit = units.find(([, size]) => bytes > 0 && bytes % size === 0);
  return unit === undefined ? String(bytes) : `${bytes / unit[1]}${unit[0]}`;
}

const showPlain = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

/** A value as one would write it in a variable: lists of plain words with commas, the rest as JSON. */
export function showSettingValue(setting: Setting, value: unknown): string {
  const masked = maskSecrets(setting.schema, value);
  if (masked === undefined || masked === null) return '';
  if (typeof masked === 'number' && setting.syntax.startsWith('bytes')) return showBytes(masked);
  if (Array.isArray(masked) && masked.every((item) => typeof item === 'string' && !item.includes(','))) {
    return masked.join(',');
  }
  return showPlain(masked);
}

/** The value at a setting's path in a loaded configuration. */
function settingValue(config: unknown, setting: Setting): unknown {
  return setting.keys.reduce<unknown>(
    (value, key) => (typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined),
    config,
  );
}

const widest = (texts: readonly string[]): number => Math.max(0, ...texts.map((text) => text.length));

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

/** Rows of one value: a list of objects is spread out, `mounts[0].prefix`, everything else is one row. */
function valueRows(name: string, value: unknown): (readonly [name: string, text: string])[] {
  if (Array.isArray(value) && value.some(isObject)) {
    return value.flatMap((item, index) => valueRows(`${name}[${index}]`, item));
  }
  if (isObject(value) && !Array.isArray(value) && Object.keys(value).length > 0) {
    return Object.entries(value).flatMap(([key, inner]) => valueRows(`${name}.${key}`, inner));
  }
  return [[name, Array.isArray(value) ? value.join(',') : showPlain(value ?? '')]];
}

function settingRows(setting: Setting, value: unknown): (readonly [name: string, text: string])[] {
  const masked = maskSecrets(setting.schema, value);
  return isObject(masked)
    ? valueRows(setting.path, masked)
    : [[setting.path, showSettingValue(setting, value)]];
}

/** Of the part itself, or of the nearest whole around it. */
function originOf(name: string, origins: ReadonlyMap<string, Origin>): Origin | undefined {
  const above = name.replace(/(\[\d+\]|\.[^.[]*)$/, '');
  return origins.get(name) ?? (above === name ? undefined : originOf(above, origins));
}

const widestValueColumn = 40;

/** Every setting, its value and where that came from, secrets masked, as a table for a terminal. */
export function renderValues({ config, origins, settings }: LoadedConfig<unknown>): string {
  const rows = settings.flatMap((setting) =>
    settingRows(setting, settingValue(config, setting)).map(([name, text]) => {
      const origin = originOf(name, origins);
      return [name, text || '-', origin?.name || origin?.from || ''] as const;
    }),
  );
  const first = widest(rows.map(([name]) => name));
  const second = Math.min(widestValueColumn, widest(rows.map(([, text]) => text)));
  return rows
    .map(([name, text, from]) => `${name.padEnd(first)}  ${text.padEnd(second)}  ${from}`.trimEnd())
    .join('\n');
}

/** Origins of parts that differ from that of the whole: `{ parts: { "[0].prefix": "IMGPROXY_PATH_PREFIX" } }`. */
function partsJson({ path }: Setting, origins: ReadonlyMap<string, Origin>) {
  const parts = [...origins]
    .filter(([place]) => place.startsWith(`${path}[`))
    .map(([place, { name }]) => [place.slice(path.length), name]);
  return parts.length === 0 ? {} : { parts: Object.fromEntries(parts) as Record<string, string> };
}

/** The same as data: `{ "cache.dir": { "value": …, "from": "env", "name": "PICTOR_CACHE_DIR" } }`. */
export function renderValuesJson({ config, origins, settings }: LoadedConfig<unknown>): string {
  const rows = settings.map((setting) => [
    setting.path,
    {
      value: maskSecrets(setting.schema, settingValue(config, setting)) ?? null,
      ...origins.get(setting.path),
      ...partsJson(setting, origins),
    },
  ]);
  return JSON.stringify(Object.fromEntries(rows), null, 2);
}

/** Breaks text at spaces so that no line is longer than `width` letters (words longer than that stay whole). */
function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const line = lines.at(-1);
    if (line === undefined || line.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = `${line} ${word}`;
  }
  return lines;
}

const helpIndent = ' '.repeat(6);

function renderHelpEntry(setting: Setting, width: number): string {
  const fallback = showSettingValue(setting, setting.fallback);
  const facts = [setting.syntax, ...(fallback === '' ? [] : [`default ${fallback}`])].join('; ');
  const body = wrap(`${setting.description} (${facts})`.trim(), Math.max(30, width - helpIndent.length));
  return [`  ${setting.flag}  ${setting.env}`, ...body.map((line) => helpIndent + line)].join('\n');
}

/** All flags with variables, meaning and defaults, by section. `width` is that of the terminal, in letters. */
export function renderHelp(settings: readonly Setting[], width = 100): string {
  const sections = new Map<string, Setting[]>();
  for (const setting of settings) {
    const name = setting.keys[0]!;
    sections.set(name, [...(sections.get(name) ?? []), setting]);
  }
  return [...sections]
    .map(([name, inner]) =>
      [`${name}:`, ...inner.map((setting) => renderHelpEntry(setting, width))].join('\n'),
    )
    .join('\n\n');
}

/** JSON Schema (2020-12) of the configuration file, for editors. */
export function renderJsonSchema(schema: z.ZodType): string {
  const json = z.toJSONSchema(schema, {
    io: 'input',
    unrepresentable: 'any',
    override: ({ jsonSchema }) => {
      delete jsonSchema.syntax;
      delete jsonSchema.secret;
    },
  });
  return JSON.stringify(json, null, 2);
}
