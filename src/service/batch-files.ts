import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { PictorError } from '../core/errors.ts';
import { formats } from '../formats/index.gen.ts';

/** A picture on this machine that variants are made of. */
export interface BatchFile {
  readonly path: string;
  /** What its place in a store says of it; null where it lies in none: then its bytes are its name. */
  readonly place: { readonly namespace: string; readonly hash: string } | null;
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
export async function* findBatchFiles(root: string): AsyncGenerator<BatchFile> {
  const absolute = path.resolve(root);
  const found = await onDisk(root, () => stat(absolute));
  if (found.isDirectory()) yield* picturesBelow(absolute);
  else yield { path: absolute, place: placeOf(absolute) };
}

async function* picturesBelow(folder: string): AsyncGenerator<BatchFile> {
  const entries = await onDisk(folder, () => readdir(folder, { withFileTypes: true }));
  for (const entry of entries.toSorted(byName)) {
    if (entry.name.startsWith('.')) continue;
    const file = path.join(folder, entry.name);
    if (entry.isDirectory()) yield* picturesBelow(file);
    else if (entry.isFile() && isPicture(file)) yield { path: file, place: placeOf(file) };
  }
}

/** Beside an original there are only its variants. */
const isPicture = (file: string): boolean =>
  placeOf(file) === null
    ? extensions.has(path.extname(file).toLowerCase())
    : path.basename(file) === 'original';

const byName = (a: { readonly name: string }, b: { readonly name: string }): number =>
  a.name < b.name ? -1 : a.name > b.name ? 1 : 0;

async function onDisk<Got>(name: string, work: () => Promise<Got>): Promise<Got> {
  try {
    return await work();
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
    const missing = code === 'ENOENT' || code === 'ENOTDIR';
    throw new PictorError(missing ? 'SOURCE_NOT_FOUND' : 'SOURCE_REFUSED', {
      detail: missing ? `${name}: there is no such file or folder` : `${name} cannot be read (${code})`,
      cause,
    });
  }
}
