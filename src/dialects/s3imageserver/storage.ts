import { PictorError } from '../../core/errors.ts';
import { decodePercent } from '../../lib/url-text.ts';
import { freezeRequest } from '../../request/canonical.ts';
import type { RequestTarget } from '../../request/dialect.ts';
import { s3PlaceOf } from '../../request/s3-place.ts';
import {
  type Call,
  originalUri,
  type Recipe,
  type Showing,
  type StorageGrammar,
  type StorageTask,
} from '../../request/storage.ts';
import { misspeltBelow, prefixOf, readPath } from './path.ts';
import { pictureOf } from './picture.ts';
import { type AskedPicture, readQuery } from './query.ts';
import type { S3imageserverSettings } from './settings.ts';

/** The one bucket of a mount. */
const theBucket = '';

const showing: Showing = {
  contentType: 'sniffed',
  headers: {},
  lastModified: 'none',
  since: 'ignore',
  etag: false,
  ranges: false,
};

const quality = 75;

/** Requests are reads: nothing lies ready in the bucket, and nothing is ever written there. */
export const s3imageserverStorage: StorageGrammar<S3imageserverSettings> = {
  place(settings) {
    if (settings.folder !== '') return { kind: 'folder', root: settings.folder, single: true };
    return { kind: 's3', s3: s3PlaceOf({ ...settings, acl: '' }, '') };
  },
  shelf({ cache: { dir, seconds, staleSeconds, maxBytes } }) {
    if (dir === '') return null;
    return { root: dir, maxAgeSeconds: seconds, staleSeconds, maxBytes, names: shelfNames };
  },
  // What is made anew is made of what the bucket holds then.
  freshForSeconds: ({ cache: { dir, seconds } }) => (dir === '' ? 0 : seconds),
  task: (call, settings) => taskOf(call, settings),
  // Nothing is made there: what lies below is another original.
  family: (key) => ({ original: key, prefix: null }),
};

function taskOf({ method, target }: Call, settings: S3imageserverSettings): StorageTask {
  const isRead = method === 'GET' || method === 'HEAD';
  const below = isRead ? misspeltBelow(wholePath(target), settings.redirects) : null;
  if (below !== null) return redirect(below, target);
  if (answersNothing(settings)) throw new PictorError('NOT_FOUND');
  const found = readPath(target);
  if (found === null || (!isRead && 'moved' in found)) throw new PictorError('NOT_FOUND');
  if (!isRead) return notAllowed;
  if ('moved' in found) return redirect(found.moved, target);
  return show(found.file, target, settings);
}

/** The place beside the handlers: all it does is lead to them. */
const answersNothing = ({ redirects, bucket, folder }: S3imageserverSettings): boolean =>
  redirects.length > 0 && bucket === '' && folder === '';

const notAllowed: StorageTask = {
  task: 'reply',
  grant: { type: 'none' },
  reply: {
    status: 405,
    body: 'Method Not Allowed\n',
    headers: { Allow: 'GET, HEAD', 'Cache-Control': 'no-store' },
  },
};

const wholePath = (target: RequestTarget): string => `${prefixOf(target)}${target.path}`;

function redirect(path: string, { query }: RequestTarget): StorageTask {
  const location = query === '' ? path : `${path}?${query}`;
  return {
    task: 'reply',
    grant: { type: 'none' },
    reply: { status: 301, body: '', headers: { Location: location } },
  };
}

function show(file: string, target: RequestTarget, settings: S3imageserverSettings): StorageTask {
  const { asked, token } = readQuery(target.query, settings.format);
  const keys = originalKeys(file, settings);
  const image = freezeRequest(pictureOf(originalUri(theBucket, keys[0]), asked, settings.autoOrient));
  const answered = isAnswered(file, settings);
  const recipe: Recipe = {
    originals: keys,
    image,
    label: { filename: file, format: asked.format, quality },
  };
  return {
    task: 'show',
    // Nothing is given away without a look at the token, not even whether a name could be a picture's.
    grant: { type: 'bearer', token },
    bucket: theBucket,
    ...(answered ? { recipe, shelf: shelfName(file, prefixOf(target), asked) } : {}),
    showing,
    voice: { standIn: image },
  };
}

/** Whether there can be a picture of this name here. */
const isAnswered = (file: string, { bucket, folder, extensions }: S3imageserverSettings): boolean =>
  (bucket !== '' || folder !== '') && extensions.includes(extensionOf(file));

/** From the last dot on; empty where there is none. */
function extensionOf(file: string): string {
  const dot = file.lastIndexOf('.');
  return dot === -1 ? '' : file.slice(dot);
}

/** The key of a file, and the one it has where the prefix was meant as a folder. */
export function originalKeys(
  file: string,
  { keyPrefix }: Pick<S3imageserverSettings, 'keyPrefix'>,
): readonly [string, ...string[]] {
  if (keyPrefix === '' || keyPrefix.endsWith('/')) return [keyPrefix + file];
  return [keyPrefix + file, `${keyPrefix}/${file}`];
}

/** Those of the original server included. */
const shelfNames = /_w-?\d+_h-?\d+_c(?:true|false)_.*\.(?:webp|jpg|png)$/s;

/**
 * Name of a made picture on disk: `h_w300_h200_ctrue_a.jpg.png`. The original server left the extension of the file out,
 * so that `a.jpg` and `a.png` were taken for each other.
 * @param prefix of the mount; several segments of it are kept apart from those of others
 */
function shelfName(file: string, prefix: string, { width, height, crop, format }: AskedPicture): string {
  const path = prefix.replace(/^\/+/, '');
  const place = (decodePercent(path) ?? path).replaceAll('%', '%25').replaceAll('/', '%2F');
  return `${place}_w${width}_h${height}_c${crop}_${file}.${format}`;
}
