import { PictorError } from '../../core/errors.ts';
import {
  type Call,
  originalUri,
  type StorageTask,
  type UploadFacts,
  type UploadTask,
} from '../../request/storage.ts';
import type { Access } from './access.ts';
import { recipeFor, uploadedJpeg } from './picture.ts';
import { uploadedReply, uploadVoice } from './replies.ts';
import { escapePath, prefixOf } from './route.ts';
import type { VipSettings } from './settings.ts';
import { warmUpSizes } from './warm-up.ts';

/** Where an upload goes: as its URL names the bucket, and as the bucket is called. */
interface Destination {
  readonly named: string;
  readonly bucket: string;
}

/** What may be kept: what a browser shows without running anything in it. */
const keptTypes: ReadonlySet<string> = new Set([
  'image/jpeg',
  'image/png',
  'image/gif',
  'image/bmp',
  'image/tiff',
  'image/webp',
  'image/avif',
  'image/heic',
  'image/heif',
  'image/jxl',
]);

/** `POST /upload/{bucket}` with the bytes of a picture as its body. */
export function uploadTask(
  call: Call,
  access: Access,
  { destination, settings }: { readonly destination: Destination; readonly settings: VipSettings },
): StorageTask {
  const declaredType = call.headers['content-type'] ?? '';
  const isDeclaredJpeg = declaredType === 'image/jpeg' || declaredType === 'image/jpg';
  const { named, bucket } = destination;
  const keyFor = ({ random, width, height }: UploadFacts): string => `${random}-${width}x${height}`;
  const task: UploadTask = {
    task: 'upload',
    bucket,
    declaredType,
    maxBytes: Math.max(0, settings.maxUploadMegabytes) * 1_048_576,
    whole: true,
    rewrite(facts) {
      checkType(facts, isDeclaredJpeg);
      return isDeclaredJpeg ? uploadedJpeg(originalUri(bucket, keyFor(facts))) : null;
    },
    objects: (facts) => [
      { key: keyFor(facts), body: 'picture', contentType: keptType(declaredType, facts.mediaType) },
    ],
    variants: (facts) =>
      warmUpSizes(call.headers['x-vip-warmup'], settings).map((size) => ({
        recipe: recipeFor({ bucket, image: keyFor(facts) }, size),
        when: 'after',
      })),
    reply: (facts) => uploadedReply(servingUrl(call, `/${named}/${keyFor(facts)}`, settings.urlHost)),
  };
  const voice = { headers: access.headers, ...uploadVoice(settings.maxUploadMegabytes, isDeclaredJpeg) };
  return { ...task, grant: access.grant, voice };
}

/** @throws PictorError UPLOAD_REFUSED for what is no picture of a kept type, or not the JPEG it was declared to be */
function checkType({ mediaType }: UploadFacts, isDeclaredJpeg: boolean): void {
  const fits = isDeclaredJpeg ? mediaType === 'image/jpeg' : keptTypes.has(mediaType);
  if (!fits) throw new PictorError('UPLOAD_REFUSED', { detail: `the upload is ${mediaType}` });
}

/** As the client said; its word for the envelope is none for the picture. */
const keptType = (declared: string, actual: string): string =>
  declared === '' || /^multipart\//i.test(declared) ? actual : declared;

/** Where clients find the picture. Whoever asks with a whole URL finds it there. */
function servingUrl({ target, origin }: Call, path: string, urlHost: string): string {
  const isAbsolute = !target.raw.startsWith('/');
  const host = isAbsolute || urlHost === '' ? origin.host : urlHost;
  const query = target.query === '' ? '' : `?${target.query}`;
  return `${origin.scheme}://${host}${prefixOf(target)}${escapePath(path)}${query}`;
}
