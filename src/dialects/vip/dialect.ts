import { PictorError } from '../../core/errors.ts';
import type { Dialect } from '../../request/dialect.ts';
import { formatPicture, pictureOf } from './picture.ts';
import { bucketFor, familyOf, placeOf } from './place.ts';
import { vipReplies } from './replies.ts';
import { routeOf } from './route.ts';
import { type VipSettings, vipSettings } from './settings.ts';
import { sizeIn } from './size.ts';
import { taskOf } from './tasks.ts';
import { mayBeMade } from './warm-up.ts';

/**
 * The URL language of vip, the image proxy of Vokal.
 *
 *     POST /upload/{bucket}          a picture as the body; answered with its URL
 *     GET  /{bucket}/{image}         the original, byte for byte
 *     GET  /{bucket}/{image}?s=500   no wider than 500 pixels, as JPEG
 *     ANY  /{bucket}/{image}/warmup  makes the sizes that X-Vip-Warmup lists
 *     ANY  /ping                     pong
 *
 * - `s`: whole pixels; more than the server's most is that, what is no number is the original.
 * - `c=true`: a square of that side out of the middle. Means nothing without `s`.
 * - `X-Vip-Warmup: s=250&c=true,s=500`: on uploads too; made after the answer.
 *
 * What is made is kept beside the original: `{image}/s/500`, `{image}/c/s/250`.
 *
 * | path | picture |
 * | --- | --- |
 * | `/photos/0a1b-2448x3264` | the original |
 * | `/photos/0a1b-2448x3264?s=500` | 500×666 |
 * | `/photos/0a1b-2448x3264?s=250&c=true` | 250×250 |
 * | `/photos/0a1b-2448x3264?s=9000` | 720×960, if 720 is the most |
 */
export const vip: Dialect<VipSettings> = {
  name: 'vip',
  summary: 'vip URLs: uploads, originals and thumbnails in buckets.',
  parse(target, settings) {
    const route = routeOf(target);
    if (route.to !== 'image') throw new PictorError('NOT_FOUND');
    const bucket = bucketFor(route.bucket, settings);
    if (bucket === null) throw new PictorError('OBJECT_NOT_FOUND');
    const size = sizeIn(target.query, settings);
    if (size.width > 0 && !mayBeMade(size, settings)) throw new PictorError('OPTION_FORBIDDEN');
    return {
      image: pictureOf({ bucket, image: route.image }, size),
      delivery: { vary: [] },
      grant: { type: 'none' },
    };
  },
  format: formatPicture,
  replies: () => vipReplies,
  policy: ({ token }) => ({
    signature: null,
    ...(token === '' ? {} : { token }),
    age: { ttlSeconds: 31_536_000, passthrough: false, obeyPrivate: false, expires: false },
    etag: true,
    lastModified: false,
    disposition: false,
    gzipLevel: 0,
    allowedSources: [],
  }),
  storage: { takesUploads: true, place: placeOf, task: taskOf, family: familyOf },
  effective(settings) {
    const values: Readonly<Record<string, unknown>> = settings;
    return Object.fromEntries(Object.keys(vipSettings.shape).map((name) => [name, values[name] ?? null]));
  },
};
