import { type Dirent, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { PictorError } from '../core/errors.ts';
import { formats } from '../formats/index.gen.ts';

/** A picture on this machine that variants are made of. */
export interface BatchFile {
  readonly path: string;
  /** What its place in a store says of it; null where it lies in none: then its bytes are its name. */
  readonly place: { readonly namespace: string; readonly hash: string } | null;
  /** Names of the files in the folder of one that lies in a store. Null: not known, or it lies in none. */
  readonly beside: ReadonlySet<string> | null;
}

const placePattern =
  /(?:^|\/)([a-z0-9_-]+)\/([a-f0-9]{3})\/([a-f0-9]{3})\/([a-f0-9]{3})\/([a-f0-9]{23})\/[^/]+$/;

function placeOf(file: string): BatchFile['place'] {
  const [, namespace, ...parts] = placePattern.exec(file.split(path.sep).join('/')) ?? [];
  return namespace === undefined ? null : { namespace, hash: parts.join('') };
}

const extensions: ReadonlySet<string> = new Set(
  Object.values(formats).flatMap(({ extensions: own }) => own.map((each) => `.${each}`)),
);

/**
 * The pictures at a path: the file itself, whatever its name; or of a folder, however deep, every `original` of a store and
 * every file outside of one that is named like a picture. Names are sorted, so that a second run goes the same way; links
 * are not followed, and what begins with a dot is left out.
 * @throws PictorError SOURCE_NOT_FOUND, SOURCE_REFUSED for a path that cannot be read
 */
export function* findBatchFiles(root: string): Generator<BatchFile> {
  const absolute = path.resolve(root);
  const found = onDisk(root, () => statSync(absolute));
  if (found.isDirectory()) yield* picturesBelow(absolute);
  else yield { path: absolute, place: placeOf(absolute), beside: null };
}

/** Folder by folder, as far as is asked for. */
function* picturesBelow(folder: string): Generator<BatchFile> {
  const entries = onDisk(folder, () => readdirSync(folder, { withFileTypes: true }));
  for (const entry of entries.toSorted(byName)) {
    if (entry.name.startsWith('.')) continue;
    const file = path.join(folder, entry.name);
    if (entry.isDirectory()) yield* picturesBelow(file);
    else if (entry.isFile()) {
      const place = placeOf(file);
      if (isPicture(entry.name, place))
        yield { path: file, place, beside: place === null ? null : filesOf(entries) };
    }
  }
}

/** Null where links are among them: whether one leads to a file is not known yet. */
const filesOf = (entries: readonly Dirent[]): ReadonlySet<string> | null =>
  entries.some((entry) => entry.isSymbolicLink())
    ? null
    : new Set(entries.filter((entry) => entry.isFile()).map(({ name }) => name));

/** Beside an original there are only its variants. */
const isPicture = (name: string, place: BatchFile['place']): boolean =>
  place === null ? extensions.has(path.extname(name).toLowerCase()) : name === 'original';

const byName = (a: { readonly name: string }, b: { readonly name: string }): number =>
  a.name < b.name ? -1 : a.name > b.name ? 1 : 0;

/** Synchronous: four folders lie above each original of a store, and a trip to the thread pool for each costs more. */
function onDisk<Got>(name: string, work: () => Got): Got {
  try {
    return work();
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
    const missing = code === 'ENOENT' || code === 'ENOTDIR';
    throw new PictorError(missing ? 'SOURCE_NOT_FOUND' : 'SOURCE_REFUSED', {
      detail: missing ? `${name}: there is no such file or folder` : `${name} cannot be read (${code})`,
      cause,
    });
  }
}
