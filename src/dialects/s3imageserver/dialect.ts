import { PictorError } from '../../core/errors.ts';
import { canonicalText, freezeRequest } from '../../request/canonical.ts';
import type { Dialect, RequestTarget } from '../../request/dialect.ts';
import type { ImageRequest } from '../../request/image-request.ts';
import { originalUri } from '../../request/storage.ts';
import { escapedSegment, readPath } from './path.ts';
import { askedOf, pictureOf } from './picture.ts';
import { errorImageName, s3imageserverPolicy } from './policy.ts';
import { queryText, readQuery } from './query.ts';
import { s3imageserverReplies } from './replies.ts';
import type { S3imageserverSettings } from './settings.ts';
import { originalKeys, s3imageserverStorage } from './storage.ts';

/**
 * The URL language of Coccodrillo/s3imageserver. A mount is one of its handlers, with a bucket of its own.
 *
 *     /{file}[?w={width}&h={height}&c={crop}&f={format}&t={token}]
 *
 * The file is one segment, percent-decoded; with the mount's key prefix before it, it is a key of the bucket. Parameters
 * come in any order, of each the first counts, and nothing in them is ever refused:
 *
 * - `w`, `h`: decimal numbers, cut off at the point and at 3064; what is none, or not above 0, follows from the other side;
 * - `c`: with both sides, cover the box and cut the middle out (`true`, `1`, absent), or stay inside it (anything else);
 * - `f`: `webp`, `jpg` (also `jpeg`) or `png`; anything else is the mount's format;
 * - `t`: a JSON Web Token, where the mount wants one.
 *
 * Small pictures grow only where one of their sides is longer than the box. GIFs are handed over as they are.
 *
 * | path | picture |
 * | --- | --- |
 * | `/a.jpg?w=300&h=200&c=true&f=png` | covers 300×200, PNG |
 * | `/a.jpg?w=300&h=200&c=false` | within 300×200, in the mount's format |
 * | `/a.jpg?w=300` | 300 wide |
 * | `/a.gif?w=50&f=jpg` | the GIF itself |
 */
export const s3imageserver: Dialect<S3imageserverSettings> = {
  name: 's3imageserver',
  summary: 's3imageserver URLs: pictures of a bucket.',
  parse(target, settings) {
    const { file, token, image } = read(target, settings);
    if (file === null) throw new PictorError('NOT_FOUND');
    return { image, delivery: { vary: [] }, grant: { type: 'bearer', token } };
  },
  format(image, settings) {
    const start = originalUri('', settings.keyPrefix);
    const file = image.source.startsWith(start) ? image.source.slice(start.length) : '';
    const path = `/${escapedSegment(file)}${queryText(askedOf(image), settings.format)}`;
    if (canonicalText(read(targetOf(path), settings).image) === canonicalText(image)) return path;
    throw new PictorError('OPTION_INVALID', { detail: 's3imageserver URLs cannot say this' });
  },
  replies: s3imageserverReplies,
  policy: s3imageserverPolicy,
  assets: ({ errorImage }) =>
    errorImage === '' ? [] : [{ name: errorImageName, setting: 'errorImage', from: { path: errorImage } }],
  withAssets: (settings, assets) => ({ ...settings, assets }),
  storage: s3imageserverStorage,
  effective: ({ assets: _, ...settings }) => settings,
};

interface Reading {
  /** Null: the path names none. */
  readonly file: string | null;
  readonly token: string | null;
  readonly image: ImageRequest;
}

function read(target: RequestTarget, settings: S3imageserverSettings): Reading {
  const path = readPath(target);
  const file = path !== null && 'file' in path ? path.file : null;
  const { asked, token } = readQuery(target.query, settings.format);
  const [key] = originalKeys(file ?? '', settings);
  return { file, token, image: freezeRequest(pictureOf(originalUri('', key), asked, settings.autoOrient)) };
}

/** A path with its query as a request target. */
function targetOf(raw: string): RequestTarget {
  const [path = '', ...query] = raw.split('?');
  return { raw, path, query: query.join('?') };
}
