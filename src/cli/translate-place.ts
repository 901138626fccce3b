import path from 'node:path';
import type { Translatable, TranslationPlace } from '../client/translate/translate.ts';
import { PictorError } from '../core/errors.ts';
import type { StoragePlace } from '../request/storage.ts';

/** The bucket that a mount of the configuration keeps its pictures in; undefined where URLs name it, or there is none. */
export function bucketOf(place: StoragePlace | undefined): TranslationPlace | undefined {
  const s3 = place?.kind === 's3' ? place.s3 : s3Behind(place);
  return s3 === null || s3 === undefined || s3.bucket === ''
    ? undefined
    : { bucket: s3.bucket, prefix: s3.prefix };
}

function s3Behind(place: StoragePlace | undefined) {
  if (place?.kind !== 'mirrored' || place.remote === null || !('s3' in place.remote)) return null;
  return place.remote.s3;
}

/** The folder a mount keeps its pictures in, where no bucket has them too. */
const folderOf = (place: StoragePlace | undefined): string | null =>
  place === undefined || place.kind === 's3' || s3Behind(place) !== null ? null : place.root;

/** Names that stand for themselves as a file, and in a `local:` address. */
const plainName = /^[^./\\%?#\p{Cc}][^/\\%?#\p{Cc}]*$/u;

/**
 * A picture that a mount keeps in a folder, by the address it has as a file of `sources.file.root`; others as they are.
 * @throws PictorError SOURCE_INVALID with a reason where it lies outside of that folder
 */
export function asLocalFile(
  asked: Translatable,
  place: StoragePlace | undefined,
  fileRoot: string,
): Translatable {
  const folder = folderOf(place);
  const [, key] = /^original:(.+)$/s.exec(asked.image.source) ?? [];
  if (folder === null || key === undefined) return asked;
  const names = key.replace(/^\//, '').split('/');
  const below = path.relative(path.resolve(fileRoot), path.resolve(folder));
  const isBelow = below !== '..' && !below.startsWith(`..${path.sep}`) && !path.isAbsolute(below);
  if (fileRoot === '' || !isBelow || !names.every((name) => plainName.test(name))) {
    const reason = `the mount keeps it in the folder ${folder}, where no other language looks (--bucket: as if it lay in that bucket)`;
    throw new PictorError('SOURCE_INVALID', { reason });
  }
  const source = `local:///${[...below.split(path.sep).filter(Boolean), ...names].join('/')}`;
  return { ...asked, image: { ...asked.image, source } };
}
