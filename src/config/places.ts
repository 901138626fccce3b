import type { FileReading, KeyPath } from './file.ts';
import type { Origin } from './layer.ts';
import type { Problem } from './problems.ts';
import { showValue } from './problems.ts';

/** What is wrong with what a setting names: a folder, a file, a program, a package. */
export interface PlaceProblem {
  /** The setting: `mounts[0].settings.keyFile`. */
  readonly path: string;
  /** What it says; absent when showing it helps nobody. */
  readonly value?: unknown;
  readonly message: string;
}

/** Looks at what settings name. It may be asked although other settings were refused. */
export type PlaceCheck<Config> = (
  config: Config,
) => readonly PlaceProblem[] | Promise<readonly PlaceProblem[]>;

/** A part of a list is in the place of the list. */
const originOf = (path: string, origins: ReadonlyMap<string, Origin>): Origin | undefined =>
  origins.get(path) ?? origins.get(path.replace(/\[.*$/s, ''));

/** Who said so: a variable, a flag, or the file and the path in it. */
export function whereSet(path: string, origins: ReadonlyMap<string, Origin>): string {
  const origin = originOf(path, origins);
  if (origin === undefined || origin.name === '') return path;
  return origins.has(path) && origin.from !== 'file' ? origin.name : `${origin.name} ${path}`;
}

/** `mounts[0].prefix` as keys and positions. */
const keysOf = (path: string): KeyPath =>
  path.split(/[.[]/).map((key) => (key.endsWith(']') ? Number(key.slice(0, -1)) : key));

/**
 * The same for whoever configured it.
 * @param file the one that was read, for its lines
 */
export async function placeProblem(
  { path, value, message }: PlaceProblem,
  {
    origins,
    file,
  }: { readonly origins: ReadonlyMap<string, Origin>; readonly file: Pick<FileReading, 'locate'> | null },
): Promise<Problem> {
  const origin = originOf(path, origins);
  const inFile = origin?.from === 'file' && file !== null;
  return {
    where: inFile ? `${await file.locate(keysOf(path))} ${path}` : whereSet(path, origins),
    ...(value === undefined ? {} : { value: showValue(value) }),
    message,
  };
}

/** The same before anybody knows who said so. */
export const unplaced = ({ path, value, message }: PlaceProblem): Problem => ({
  where: path,
  ...(value === undefined ? {} : { value: showValue(value) }),
  message,
});
