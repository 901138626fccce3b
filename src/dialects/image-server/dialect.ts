import { PictorError } from '../../core/errors.ts';
import { freezeRequest } from '../../request/canonical.ts';
import type { Dialect, ParsedRequest, RequestTarget } from '../../request/dialect.ts';
import type { ImageRequest } from '../../request/image-request.ts';
import { isAllowed } from './files.ts';
import { formatRequest } from './format.ts';
import { keyOf, originalOfKey } from './keys.ts';
import { parseFileName } from './names.ts';
import { recipeFor } from './picture.ts';
import { imageServerPolicy, imageServerReplies } from './policy.ts';
import { findRoute, readPath } from './routes.ts';
import { effectiveSettings, placeOf, urlTeller } from './rules.ts';
import type { ImageServerSettings } from './settings.ts';
import { taskOf } from './task.ts';
import { uriOf } from './upload.ts';
import { webhookPlan } from './webhooks.ts';

/**
 * The URL language of image-server.
 *
 *     POST /{namespace}                                         upload: the body, or ?source={URL}; &outputs={file},{file}
 *     GET  /{namespace}/{aaa}/{bbb}/{ccc}/{rest}/{file}         a file of an original
 *     POST /{namespace}/{aaa}/{bbb}/{ccc}/{rest}/process        ?outputs={file},{file}: makes these
 *     POST /{namespace}/{aaa}/{bbb}/{ccc}/{rest}/{file}         keeps the body as that file
 *     any  /status_check                                        health
 *
 * The namespace is `[a-z0-9_-]+`; the four parts are the 32 hexadecimal digits of the MD5 of the original's bytes. Paths
 * with `//`, `/./` or `/../` are answered with 301 to the clean one. Files:
 *
 * | file | what it is |
 * | --- | --- |
 * | `original` | the bytes as they came |
 * | `info.json` | hash, size and type |
 * | `300x200.jpg` | covers the box, the middle is cut out |
 * | `x300.webp` | the same with a square |
 * | `w300-q50.jpg` | 300 wide, quality 50 |
 * | `full_size.png`, `original.png` | as large as the original |
 * | `c0.050_0.640_0.390_0.920-w300.jpg` | the part between two corners, at most 300 wide |
 * | anything else | a file that was kept |
 *
 * Extensions: jpg, jpeg, png, webp, gif, heic, heif; none is jpg.
 */
export const imageServer: Dialect<ImageServerSettings> = {
  name: 'image-server',
  summary: 'image-server URLs: uploads, and variants of what was uploaded.',
  parse: (target, settings) => parsePicture(target, settings),
  format: (image, settings) =>
    formatRequest(
      image,
      settings.defaultQuality,
      (path) => parsePicture({ raw: path, path, query: '' }, settings).image,
    ),
  replies: imageServerReplies,
  policy: imageServerPolicy,
  storage: {
    takesUploads: true,
    place: placeOf,
    task: taskOf,
    family(key) {
      const name = originalOfKey(key);
      return name === null ? null : { original: keyOf(name, 'original'), prefix: keyOf(name, '') };
    },
  },
  webhooks: (settings) => webhookPlan(settings.webhook, urlTeller(settings)),
  effective: effectiveSettings,
};

/** The picture a GET asks for, whether or not it lies ready. Its signature is the business of `storage.task`. */
function parsePicture(target: RequestTarget, settings: ImageServerSettings): ParsedRequest {
  const route = findRoute('GET', readPath(target.path) ?? '');
  if (route.to !== 'show') throw new PictorError('NOT_FOUND');
  const { name, file } = route;
  const parsed = parseFileName(file);
  if (!isAllowed(parsed, settings)) throw new PictorError('NOT_FOUND');
  const delivery = { vary: [] };
  const grant = { type: 'none' } as const;
  if (parsed.kind === 'original') {
    const source = uriOf(name.namespace, name.hash);
    const image: ImageRequest = freezeRequest({ source, operations: [], output: { format: {} } });
    return { image, delivery, grant, raw: true };
  }
  const recipe = recipeFor(name, { text: file, parsed }, settings);
  if (recipe === null) throw new PictorError('NOT_FOUND');
  return { image: recipe.image, delivery, grant };
}
