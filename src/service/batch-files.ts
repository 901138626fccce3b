import { type Dirent, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { asPictorError, PictorError } from '../core/errors.ts';
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
export function* findBatchFiles(root: string, leaveOut: LeaveOut): Generator<BatchFile> {
  const absolute = path.resolve(root);
  const found = onDisk(() => statSync(absolute), root);
  if (found.isDirectory()) yield* picturesBelow({ path: absolute, entries: read(absolute, root) }, leaveOut);
  else yield { path: absolute, place: placeOf(absolute), beside: null };
}

/** Told of a folder further down that cannot be read, as `lost+found` of a disk: the pictures of the others are none the worse. */
type LeaveOut = (folder: string, why: PictorError) => void;

interface Folder {
  readonly path: string;
  readonly entries: readonly Dirent[];
}

const read = (folder: string, name?: string): Dirent[] =>
  onDisk(() => readdirSync(folder, { withFileTypes: true }), name);

/** Folder by folder, as far as is asked for. */
function* picturesBelow({ path: folder, entries }: Folder, leaveOut: LeaveOut): Generator<BatchFile> {
  for (const entry of entries.toSorted(byName)) {
    if (entry.name.startsWith('.')) continue;
    const file = path.join(folder, entry.name);
    if (entry.isDirectory()) {
      const below = readBelow(file, leaveOut);
      if (below !== null) yield* picturesBelow({ path: file, entries: below }, leaveOut);
    } else if (entry.isFile()) {
      const place = placeOf(file);
      if (isPicture(entry.name, place))
        yield { path: file, place, beside: place === null ? null : filesOf(entries) };
    }
  }
}

/** Null: it is left out. One that is gone by now, as empty ones may be beside a server, holds nothing to tell of. */
function readBelow(folder: string, leaveOut: LeaveOut): Dirent[] | null {
  try {
    return read(folder);
  } catch (thrown) {
    const why = asPictorError(thrown);
    if (why.code !== 'SOURCE_NOT_FOUND') leaveOut(folder, why);
    return null;
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

/**
 * Synchronous: four folders lie above each original of a store, and a trip to the thread pool for each costs more.
 * @param name what to call it where its caller does not
 */
function onDisk<Got>(work: () => Got, name?: string): Got {
  try {
    return work();
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
    const missing = code === 'ENOENT' || code === 'ENOTDIR';
    const detail = missing ? 'there is no such file or folder' : `cannot be read (${code})`;
    throw new PictorError(missing ? 'SOURCE_NOT_FOUND' : 'SOURCE_REFUSED', {
      detail: name === undefined ? detail : `${name}: ${detail}`,
      cause,
    });
  }
}
