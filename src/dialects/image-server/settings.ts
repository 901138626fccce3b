import * as z from 'zod';
import { byteSize, count, secretText } from '../../core/settings.ts';
import { s3PlaceFields } from '../../request/s3-place.ts';
import { formatOf, parseFileName } from './names.ts';
import { webhookSettings } from './webhook-settings.ts';

const onOff = (value: boolean) => z.boolean().default(value);

const isPublicUrl = (text: string): boolean =>
  text === '' || (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol));

const storage = z.strictObject({
  root: z
    .string()
    .min(1)
    .default('public')
    .describe(
      'Folder everything is written to and read from first: `{namespace}/{aaa}/{bbb}/{ccc}/{rest of the hash}/{file}`.',
    ),
  remote: z
    .enum(['none', 's3', 'http'])
    .default('none')
    .describe(
      'Where else objects are: nowhere, in a bucket they are copied to and read from, or behind `publicUrl`, from where they are only read.',
    ),
  path: z
    .string()
    .default('')
    .describe('Put before every key in the bucket and in public URLs: `images/`. Empty: nothing.'),
  publicUrl: z
    .string()
    .default('')
    .refine(isPublicUrl, 'expected an http or https URL')
    .describe('What public URLs of the objects begin with: webhooks tell them.'),
  readByUrl: z
    .enum(['never', 'refused', 'missing'])
    .default('never')
    .describe(
      'With `remote: s3`: whether objects are read from `publicUrl` too. never; refused: where the bucket does not let them be read, as with credentials that may only write; missing: also what the bucket does not have. The URL must not lead back here.',
    ),
  s3: z.strictObject(s3PlaceFields).prefault({}).describe('The bucket, with `remote: s3`.'),
  concurrency: count(10, 1).describe('Uploads to the bucket at the same time.'),
  maxAgeMinutes: z
    .number()
    .nonnegative()
    .default(30)
    .meta({ syntax: 'minutes' })
    .describe(
      'Files in the folder older than this go once they are safe in the bucket. 0: never. Without a bucket they always stay.',
    ),
});

const signatures = z.strictObject({
  uploads: onOff(false).describe(
    'Ask for a signed URL for whatever changes something: uploads, `process`, files that are kept.',
  ),
  reads: onOff(false).describe('Ask for one for pictures too. Only with `uploads`.'),
  secrets: z
    .array(secretText().min(1))
    .default([])
    .describe(
      'Secrets any of which may have signed a URL. New ones go first, old ones go when their URLs have.',
    ),
  secretsFile: z
    .string()
    .default('')
    .describe(
      'File with one secret per line; empty lines and those with # in front do not count. Read again when it changes.',
    ),
  maxTtlMinutes: z
    .number()
    .int()
    .default(60)
    .meta({ syntax: 'minutes' })
    .describe('How far ahead a URL may expire. 0: 60; below 0: as far as it likes.'),
});

const hasSecrets = ({ uploads, secrets, secretsFile }: z.infer<typeof signatures>): boolean =>
  !uploads || secrets.length > 0 || secretsFile !== '';

const isOutput = (name: string): boolean => {
  const parsed = parseFileName(name);
  return 'extension' in parsed && formatOf(parsed.extension) !== null;
};

/** Settings of a mount that speaks image-server's URLs. */
export const imageServerSettings = z.strictObject({
  storage: storage
    .refine(({ remote, s3 }) => remote !== 's3' || s3.bucket !== '', {
      path: ['s3', 'bucket'],
      error: 'with `remote: s3` a bucket is needed',
    })
    .refine(({ remote, publicUrl }) => remote !== 'http' || publicUrl !== '', {
      path: ['publicUrl'],
      error: 'with `remote: http` the URL to read from is needed',
    })
    .refine(({ readByUrl, publicUrl }) => readByUrl === 'never' || publicUrl !== '', {
      path: ['publicUrl'],
      error: 'with `readByUrl` the URL to read from is needed',
    })
    .refine(({ s3 }) => (s3.accessKeyId === '') === (s3.secretAccessKey === ''), {
      path: ['s3', 'secretAccessKey'],
      error: 'accessKeyId and secretAccessKey go together: set both or none',
    })
    .prefault({})
    .describe('Where originals and variants are kept.'),
  extensions: z
    .array(z.string())
    .default(['jpg', 'gif', 'webp'])
    .describe(
      'Extensions that may be asked for; case counts. Empty: all. Uploads and `process` make others too.',
    ),
  defaultQuality: z
    .number()
    .int()
    .min(1)
    .max(100)
    .default(75)
    .describe('Quality where the name says none, 1 to 100.'),
  maxSide: z
    .number()
    .int()
    .min(1)
    .default(10_000)
    .meta({ syntax: 'pixels' })
    .describe('Largest width or height that may be asked for.'),
  outputs: z
    .array(z.string().refine(isOutput, 'expected the name of a variant, e.g. x300.jpg'))
    .default([])
    .describe('Variants made of every upload whose request names none.'),
  maxUploadBytes: byteSize('100MB').describe('Longest body that is taken.'),
  customNames: onOff(false).describe(
    'Make a full-size picture under whatever name is asked for and keep it. Otherwise only `original.png` and the like do.',
  ),
  variantsOfSvg: onOff(false).describe(
    'Draw SVG originals. Otherwise they are only handed over as they are.',
  ),
  cacheControl: z
    .string()
    .default('')
    .describe('Cache-Control sent with pictures. Empty: none, a CDN decides.'),
  etag: onOff(false).describe('Send and answer ETag.'),
  signatures: signatures
    .refine(hasSecrets, {
      path: ['secretsFile'],
      error: 'signed URLs need secrets: name a file with them, or list them',
    })
    .refine(({ uploads, reads }) => uploads || !reads, {
      path: ['reads'],
      error: 'reads can only be signed where uploads are: set `uploads` too',
    })
    .prefault({})
    .describe('Signed URLs.'),
  webhook: webhookSettings.prefault({}).describe('Who is told of uploads and variants.'),
});

/** Validated settings of a mount. */
export type ImageServerSettings = z.infer<typeof imageServerSettings>;
