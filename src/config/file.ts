import { readFileSync } from 'node:fs';
import { extname } from 'node:path';
import type { z } from 'zod';
import { suggestion } from './did-you-mean.ts';
import type { Layer, LayerEntry } from './layer.ts';
import type { Problem } from './problems.ts';
import { showValue } from './problems.ts';
import type { Setting } from './settings-tree.ts';
import { sectionShape } from './settings-tree.ts';

/** Keys and list positions that lead to a place in the file. */
export type KeyPath = readonly (string | number)[];

export interface FileReading extends Layer {
  /** `pictor.yaml:7`: the file and, where it can be found, the line of a key. */
  locate(path: KeyPath): Promise<string>;
}

interface ParsedFile {
  readonly content: unknown;
  readonly problems: readonly Problem[];
  locate(path: KeyPath): Promise<string>;
}

/** `mounts[0].prefix` */
export const showPath = (path: KeyPath): string =>
  path.map((key, index) => (typeof key === 'number' ? `[${key}]` : index === 0 ? key : `.${key}`)).join('');

/** The YAML reader is loaded only for YAML files and for line numbers: a plain start does without it. */
const loadYaml = () => import('./yaml.ts');

async function parseYaml(name: string, text: string): Promise<ParsedFile> {
  const { LineCounter, isNode, isPair, isScalar, isMap, parseDocument } = await loadYaml();
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const at = (offset: number | undefined) =>
    offset === undefined ? name : `${name}:${lines.linePos(offset).line}`;
  const problems = document.errors.map(({ message, pos }) => ({
    where: at(pos[0]),
    message: `this is not YAML: ${message}`,
  }));

  function offsetOf(path: KeyPath): number | undefined {
    const parent = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true);
    const key = path.at(-1);
    const pair = isMap(parent)
      ? parent.items.find((item) => isPair(item) && isScalar(item.key) && item.key.value === key)
      : null;
    const node = isScalar(pair?.key) ? pair.key : document.getIn(path, true);
    return isNode(node) ? node.range?.[0] : undefined;
  }

  /** The key itself, or the nearest place above it that stands in the file. */
  async function locate(path: KeyPath): Promise<string> {
    for (let length = path.length; length > 0; length--) {
      const offset = offsetOf(path.slice(0, length));
      if (offset !== undefined) return at(offset);
    }
    return name;
  }

  return { content: problems.length > 0 ? {} : document.toJS(), problems, locate };
}

function parseJson(name: string, text: string): ParsedFile {
  // JSON is YAML: the same reader finds the lines, but only once there is something to complain about.
  const locate = async (path: KeyPath) => (await parseYaml(name, text)).locate(path);
  try {
    return { content: JSON.parse(text), problems: [], locate };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { content: {}, problems: [{ where: name, message: `this is not JSON: ${message}` }], locate };
  }
}

async function parseFile(name: string): Promise<ParsedFile> {
  const failed = (message: string): ParsedFile => ({
    content: {},
    problems: [{ where: name, message }],
    locate: async () => name,
  });
  const extension = extname(name).toLowerCase();
  const isYaml = extension === '.yaml' || extension === '.yml';
  if (!isYaml && extension !== '.json')
    return failed('the name of a configuration file ends in .yaml, .yml or .json');
  try {
    const text = readFileSync(name, 'utf8').replace(/^\uFEFF/, '');
    return isYaml ? await parseYaml(name, text) : parseJson(name, text);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    return failed(
      code === 'ENOENT' ? 'the configuration file does not exist' : `the file cannot be read (${code})`,
    );
  }
}

/** What stands at a place that the schema does not know, or that it knows as something else. */
interface Misplaced {
  readonly path: KeyPath;
  readonly message: string;
  readonly value?: string;
}

interface Walk {
  readonly byPath: ReadonlyMap<string, Setting>;
  readonly entries: LayerEntry[];
  readonly misplaced: Misplaced[];
  readonly file: string;
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function walkFile(schema: z.core.$ZodType, value: unknown, keys: readonly string[], walk: Walk): void {
  const shape = sectionShape(schema);
  if (shape === null) {
    const setting = walk.byPath.get(keys.join('.'));
    if (setting !== undefined)
      walk.entries.push({ setting, value, origin: { from: 'file', name: walk.file } });
    return;
  }
  // A section whose lines are all commented out reads as null.
  if (value === null || value === undefined) return;
  if (!isRecord(value)) {
    walk.misplaced.push({ path: keys, value: showValue(value), message: 'expected a section with settings' });
    return;
  }
  for (const [key, inner] of Object.entries(value)) {
    if (keys.length === 0 && key === '$schema') continue;
    const path = [...keys, key];
    if (Object.hasOwn(shape, key)) walkFile(shape[key]!, inner, path, walk);
    else walk.misplaced.push({ path, message: `unknown setting${suggestion(key, Object.keys(shape))}` });
  }
}

/** Reads a YAML or JSON file along the schema. Values are checked later, with those of the other layers. */
export async function readConfigFile(
  schema: z.core.$ZodType,
  settings: readonly Setting[],
  file: string,
): Promise<FileReading> {
  const { content, problems, locate } = await parseFile(file);
  const byPath = new Map(settings.map((setting) => [setting.path, setting]));
  const walk: Walk = { byPath, entries: [], misplaced: [], file };
  walkFile(schema, content, [], walk);
  const located = walk.misplaced.map(async ({ path, ...rest }) => ({
    where: `${await locate(path)} ${showPath(path)}`.trim(),
    ...rest,
  }));
  return { entries: walk.entries, problems: [...problems, ...(await Promise.all(located))], locate };
}
