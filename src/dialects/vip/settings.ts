import * as z from 'zod';
import { count, seconds, secretText } from '../../core/settings.ts';
import { compileGlob } from '../../lib/shell-glob.ts';
import { s3PlaceFields } from '../../request/s3-place.ts';

const onOff = (value: boolean) => z.boolean().default(value);

/** Buckets are named by URLs, not here. */
const { bucket: _, ...connectionFields } = s3PlaceFields;

const s3Settings = z
  .strictObject({
    ...connectionFields,
    region: connectionFields.region
      .removeDefault()
      .min(1)
      .default('us-east-1')
      .describe(
        'Region of the buckets. Their names are put in lower case but in us-east-1, which had some with capitals once.',
      ),
    acl: z
      .string()
      .default('bucket-owner-read')
      .describe('Canned ACL of what is written. Empty: none is sent.'),
    timeoutSeconds: seconds(10).describe(
      'Time limit of one try of a request; of reads, of all tries until the answer begins.',
    ),
  })
  .refine((s3) => (s3.accessKeyId === '') === (s3.secretAccessKey === ''), {
    path: ['secretAccessKey'],
    error: 'accessKeyId and secretAccessKey go together: set both or none',
  })
  .prefault({});

/** Settings of a mount that speaks vip's URLs. */
export const vipSettings = z.strictObject({
  store: z
    .enum(['folder', 's3'])
    .default('folder')
    .describe('Where pictures are kept: in a folder of this machine, or in buckets of S3.'),
  folder: z
    .string()
    .min(1, 'expected a folder')
    .default('data/vip')
    .describe('With `store: folder`: made if missing, with one folder in it for each bucket.'),
  s3: s3Settings.describe('With `store: s3`: buckets are named by URLs.'),
  buckets: z
    .array(z.string().min(1))
    .default([])
    .describe(
      'Buckets that URLs may name; others are answered 404. Empty: all that the credentials may use.',
    ),
  token: secretText()
    .default('')
    .describe('What clients send as X-Vip-Token to upload. Empty: everybody may upload.'),
  requireToken: onOff(false).describe('Ask for the token from pages of allowed origins too.'),
  allowedOrigins: z
    .array(
      z.string().refine((text) => compileGlob(text) !== null, 'expected a pattern such as *.example.com'),
    )
    .default([])
    .describe(
      'Hosts whose pages may upload from a browser, without a token: `*` stands for any run of signs. Empty: CORS is off.',
    ),
  urlHost: z
    .string()
    .default('')
    .describe('Host in the URLs that uploads are answered with. Empty: the one the client asked.'),
  maxUploadMegabytes: z
    .number()
    .int()
    .default(5)
    .meta({ syntax: 'MiB' })
    .describe('Larger uploads are refused. 0 and less: all of them.'),
  maxWidth: count(720).describe(
    'Widest picture that is made, pixels; whoever asks for more gets this. 0: only originals.',
  ),
  allowedWidths: z
    .array(z.number().int().min(1))
    .default([])
    .describe(
      'Widths that are made; others are only served where they lie in the bucket already. Empty: all up to maxWidth.',
    ),
});

/** Validated settings of a mount. */
export type VipSettings = z.infer<typeof vipSettings>;
