import { type DialectName, dialectLoaders, type LoadedDialect } from '../dialects/index.gen.ts';
import type { Dialect } from '../request/dialect.ts';

/** Every dialect there is, spoken or not. */
export const dialectNames = Object.keys(dialectLoaders) as DialectName[];

export const isDialectName = (name: unknown): name is DialectName =>
  typeof name === 'string' && Object.hasOwn(dialectLoaders, name);

const loaded = new Map<DialectName, LoadedDialect>();

/** Loads what is not loaded yet. The dialects of a server are loaded before its settings are read. */
export async function loadDialects(names: readonly DialectName[] = dialectNames): Promise<void> {
  await Promise.all(
    names.map(async (name) => {
      if (!loaded.has(name)) loaded.set(name, await dialectLoaders[name]());
    }),
  );
}

function loadedDialect<Name extends DialectName>(name: Name): LoadedDialect<Name> {
  const found = loaded.get(name);
  if (found === undefined) throw new Error(`the dialect ${name} was not loaded`);
  return found as LoadedDialect<Name>;
}

/**
 * A dialect that was loaded. Its settings were checked by its own schema; the types of the pair cannot be told apart here.
 * @throws Error for one that was not loaded: a mistake in the program
 */
export const dialectOf = (name: DialectName): Dialect<unknown> => loadedDialect(name).dialect;

/** The schema of the settings of its mounts. @throws Error as `dialectOf` */
export const dialectSettingsOf = <Name extends DialectName>(name: Name): LoadedDialect<Name>['settings'] =>
  loadedDialect(name).settings;
