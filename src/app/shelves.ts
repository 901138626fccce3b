import { type PlaceProblem, unplaced } from '../config/places.ts';
import { ConfigError } from '../config/problems.ts';
import { PictorError } from '../core/errors.ts';
import type { EmitEvent } from '../core/events.ts';
import type { Shelf } from '../core/shelf.ts';
import type { ShelfPlace } from '../request/storage.ts';
import { createShelfFolder, type ShelfFolder } from '../stores/shelf-folder.ts';
import { dialectOf } from './dialects.ts';
import type { MountSettings } from './mounts.ts';
import { realFolder } from './real-folder.ts';

type Shelving = Pick<MountSettings, 'prefix' | 'dialect' | 'settings'>;

export interface Shelves {
  /** In the order of the mounts; null where made pictures are in the caches alone. */
  readonly ofMounts: readonly (Shelf | null)[];
  close(): Promise<void>;
}

/**
 * Opens the folders in which made pictures age. Mounts that name the same folder share it: its files go when the most patient
 * of them has no use for them any more.
 * @throws PictorError STORE_FAILED when a folder cannot be made
 * @throws ConfigError when two mounts would take each other's files for their own
 */
export async function openShelves(mounts: readonly Shelving[], emit: EmitEvent): Promise<Shelves> {
  const problems = shelfProblems(mounts);
  if (problems.length > 0) throw new ConfigError(problems.map(unplaced));
  const places = mounts.map(placeOf);
  const folders = new Map<string, ShelfFolder>();
  for (const [dir, sharing] of byFolder(places)) {
    folders.set(dir, await createShelfFolder({ dir, ...together(sharing), emit }).catch(unusable));
  }
  return {
    ofMounts: places.map((place) =>
      place === null ? null : (folders.get(folderOf(place))?.shelf(place.maxAgeSeconds) ?? null),
    ),
    async close() {
      await Promise.all([...folders.values()].map((folder) => folder.close()));
    },
  };
}

/** Mounts that would take each other's files for their own: those are called by the prefix; hosts are no part of their names. */
export function shelfProblems(mounts: readonly Shelving[]): readonly PlaceProblem[] {
  const seen = new Map<string, number>();
  return mounts.flatMap((mount, index) => {
    const place = placeOf(mount);
    if (place === null) return [];
    const name = `${mount.prefix.replace(/^\/|\/$/g, '')}\n${folderOf(place)}`;
    const twin = seen.get(name);
    if (twin === undefined) seen.set(name, index);
    const message = `mounts[${twin}] has the same prefix, and would take its files for its own: choose another folder`;
    return twin === undefined
      ? []
      : [{ path: `mounts[${index}].settings.cache.dir`, value: place.root, message }];
  });
}

const placeOf = ({ dialect, settings }: Shelving): ShelfPlace | null =>
  dialectOf(dialect).storage?.shelf?.(settings) ?? null;

const folderOf = ({ root }: ShelfPlace): string => realFolder(root);

function byFolder(places: readonly (ShelfPlace | null)[]): ReadonlyMap<string, ShelfPlace[]> {
  const folders = new Map<string, ShelfPlace[]>();
  for (const place of places) {
    if (place === null) continue;
    const dir = folderOf(place);
    folders.set(dir, [...(folders.get(dir) ?? []), place]);
  }
  return folders;
}

/** The bounds of those who share a folder. Without one of somebody there is none. */
function together(places: readonly ShelfPlace[]) {
  const bounds = places.map(({ maxBytes }) => maxBytes);
  return {
    maxBytes: bounds.includes(0) ? 0 : Math.max(...bounds),
    keepSeconds: Math.max(...places.map(({ maxAgeSeconds, staleSeconds }) => maxAgeSeconds + staleSeconds)),
    names: new RegExp(places.map(({ names }) => `(?:${names.source})`).join('|'), 's'),
  };
}

function unusable(thrown: unknown): never {
  if (!(thrown instanceof PictorError)) throw thrown;
  const detail = `the folder of made pictures cannot be used: ${thrown.detail ?? thrown.message}`;
  throw new PictorError('STORE_FAILED', { detail, cause: thrown });
}
