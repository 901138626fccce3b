import { PictorError } from '../../core/errors.ts';
import { type Translatable, type Translation, type TranslationPlace, type Wish, wishOf } from './wish.ts';
import { type WriterName, writers } from './writers.ts';

export type { Translatable, Translation, TranslationPlace } from './wish.ts';
export { type WriterName, writerNames } from './writers.ts';

/**
 * The URL that asks for the same picture in another URL language, as near as that can say it.
 * @param place for dialects whose URLs name no bucket
 * @throws PictorError OPTION_INVALID, SOURCE_INVALID with a reason, where there is no equivalent
 */
export async function translatePicture(
  picture: Translatable,
  to: WriterName,
  place?: TranslationPlace,
): Promise<Translation> {
  const wish = wishOf(picture);
  checkVersion(wish.source, to);
  const located: Wish = { ...wish, source: sourceUri(wish.source, place) };
  const { url, notes } = await writers[to](located, place);
  return { url, notes: [...wish.notes, ...notes] };
}

/** Behind `?` an `s3:` address names a version of the object: a key with that sign has no such address. */
function checkVersion(source: string, to: WriterName): void {
  const toImgproxy = to === 'imgproxy';
  if (!source.includes('?') || !(toImgproxy ? /^original:/ : /^s3:/i).test(source)) return;
  const reason = toImgproxy
    ? 'imgproxy takes what follows a ? in a key for a version of the object'
    : 'a version of an object is for imgproxy alone';
  throw new PictorError('SOURCE_INVALID', { reason });
}

/** A kept original by an address that others can read too; schemes in lower case. */
function sourceUri(source: string, place: TranslationPlace | undefined): string {
  const match = /^original:([^/]*)\/(.+)$/s.exec(source);
  if (match === null) return source.replace(/^[A-Za-z][A-Za-z0-9]*:/, (scheme) => scheme.toLowerCase());
  const [, bucket = '', key = ''] = match;
  if (bucket !== '') return `s3://${bucket}/${key}`;
  if (place !== undefined) return `s3://${place.bucket}/${place.prefix}${key}`;
  throw new PictorError('SOURCE_INVALID', {
    reason: 'the URL names no bucket: say which one the mount reads (--bucket)',
  });
}
