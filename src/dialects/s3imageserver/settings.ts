import * as z from 'zod';
import { byteSize, count, seconds, secretText } from '../../core/settings.ts';
import { s3PlaceFields } from '../../request/s3-place.ts';

const text = () => z.string().default('');

// Nothing is ever written to the bucket.
const { acl: _, ...place } = s3PlaceFields;

const cache = z
  .strictObject({
    dir: text().describe(
      'Folder of made pictures; made when it is missing. Empty: they are kept in memory only.',
    ),
    seconds: seconds(604_800).describe(
      'Pictures older than this are made anew, from an original that is fetched anew.',
    ),
    staleSeconds: seconds(86_400).describe(
      'For this long after that they are kept for when the bucket is away.',
    ),
    maxBytes: byteSize('1GiB').describe('Size of the folder; the oldest pictures go first. 0: no bound.'),
  })
  .prefault({});

const verify = z
  .strictObject({
    key: secretText()
      .default('')
      .describe(
        'Shared secret, or public key as PEM, JWK or JWK set. Set: the parameter `t` must hold a JSON Web Token it fits.',
      ),
    keyFile: text().describe('File with the key; read again when it changes.'),
    algorithms: z
      .array(z.string())
      .default([])
      .describe(
        'Signature algorithms that count, never taken from the token. Empty: HS256 for a secret, that of the key for any other.',
      ),
    audience: text().describe('Value that `aud` must have. Empty: no matter.'),
    issuer: text().describe('Value that `iss` must have. Empty: no matter.'),
  })
  .refine(({ key, keyFile }) => key === '' || keyFile === '', 'expected either key or keyFile')
  .prefault({});

/** Settings of a mount that speaks s3imageserver's URLs: one of its handlers. */
export const s3imageserverSettings = z
  .strictObject({
    ...place,
    bucket: text().describe(
      'Bucket with the originals. Empty, and no folder: every request is answered 404.',
    ),
    timeoutSeconds: seconds(10).describe(
      'Time limit of one try of a request; of reads, of all tries until the answer begins. 0: no limit.',
    ),
    maxAttempts: count(3, 1).describe('Tries of one request, the first included.'),
    folder: text().describe('Folder with the originals, in place of a bucket.'),
    keyPrefix: text().describe(
      'Put before every file name as it is. Where nothing has that key and it does not end with a slash, it is tried with one.',
    ),
    errorImage: text().describe(
      'File shown in place of every picture that cannot be had, with status 404. Empty: such answers have no body.',
    ),
    format: z.enum(['webp', 'jpg', 'png']).default('webp').describe('Format where the URL names none.'),
    extensions: z
      .array(z.string().regex(/^\./, 'expected an extension with its dot'))
      .default(['.png', '.jpg', '.jpeg', '.gif', '.webp'])
      .describe('Ends of file names that are answered; capitals count.'),
    autoOrient: z.boolean().default(true).describe('Turn pictures as their EXIF orientation says.'),
    cache: cache.describe('Made pictures on disk, under the names s3imageserver gave them.'),
    verify: verify.describe('Who may have pictures.'),
    redirects: z
      .array(z.string())
      .default([])
      .describe(
        'Prefixes of other mounts, without slashes around them: what is below one of them but for capitals and doubled slashes is redirected there.',
      ),
  })
  .refine(
    ({ accessKeyId, secretAccessKey }) => (accessKeyId === '') === (secretAccessKey === ''),
    'accessKeyId and secretAccessKey are needed together',
  )
  .refine(({ bucket, folder }) => bucket === '' || folder === '', 'expected either bucket or folder');

type Configured = z.infer<typeof s3imageserverSettings>;

/** Validated settings of a mount. */
export interface S3imageserverSettings extends Configured {
  /** URIs of the mount's own pictures by name; the server fills it in. */
  readonly assets?: Readonly<Record<string, string>>;
}
