import * as z from 'zod';
import { hasWholeKey, s3ConnectionFields } from '../cloud/s3-settings.ts';
import { byteSize, seconds, secretText } from '../core/settings.ts';
import { parseRedisUrl, redisUrlSyntax } from './redis/address.ts';

/** Variants in a Redis or Valkey that several servers may share. */
const redisSettings = z.strictObject({
  url: secretText()
    .default('')
    .refine((text) => text === '' || parseRedisUrl(text) !== null, { error: `expected ${redisUrlSyntax}` })
    .describe('Redis or Valkey that keeps variants below memory and disk. Empty: none.')
    .meta({ secret: true, syntax: redisUrlSyntax }),
  prefix: z
    .string()
    .default('pictor:')
    .describe(
      'Before every key. Servers with the same prefix share their variants, so they must read the same sources.',
    ),
  ttlSeconds: seconds(604_800).describe(
    'A variant goes so long after it was written. 0: when Redis makes room (maxmemory-policy).',
  ),
  maxBlobBytes: byteSize('8MiB').describe('Larger variants are not kept there.'),
  timeoutSeconds: seconds(0.3)
    .describe(
      'An answer that takes longer counts as none, and Redis is left out until it answers again. More than 0.',
    )
    .refine((value) => value > 0, { error: 'expected more than 0' }),
});
export type RedisSettings = z.infer<typeof redisSettings>;

const moreThanNone = (value: number) =>
  seconds(value).refine((given) => given > 0, { error: 'expected more than 0' });

/** Variants in a bucket that several servers may share. */
const s3CacheSettings = z
  .strictObject({
    bucket: z
      .string()
      .default('')
      .describe('Bucket that keeps variants below memory, disk and Redis. Empty: none.'),
    prefix: z
      .string()
      .regex(/^[^/].*$|^$/, 'expected text that does not begin with a slash')
      .default('pictor/')
      .describe(
        'Before every key. Servers with the same prefix share their variants, so they must read the same sources.',
      ),
    ...s3ConnectionFields,
    maxBlobBytes: byteSize('64MiB').describe('Larger variants are not kept there.'),
    readTimeoutSeconds: moreThanNone(2).describe(
      'A look-up that takes longer counts as a miss; after two, S3 is left out until it answers again. More than 0.',
    ),
    writeTimeoutSeconds: moreThanNone(10).describe(
      'A write that takes longer has failed; as long again for each further 8 MiB. More than 0.',
    ),
  })
  .refine(hasWholeKey, {
    path: ['secretAccessKey'],
    error: 'accessKeyId and secretAccessKey go together: set both or none',
  });
export type S3CacheSettings = z.infer<typeof s3CacheSettings>;

/** Of every service that keeps objects. */
const objectFields = (place: 'Bucket' | 'Container') => ({
  prefix: z
    .string()
    .regex(/^[^/].*$|^$/, 'expected text that does not begin with a slash')
    .default('pictor/')
    .describe(
      `Before every key. Servers with the same prefix share what they keep, so they must read the same sources.`,
    ),
  endpoint: z
    .string()
    .default('')
    .refine((text) => text === '' || isHttpUrl(text), { error: 'expected an http or https URL' })
    .describe('URL of the service when it is not the provider’s own. Empty: the provider.'),
  maxBlobBytes: byteSize('64MiB').describe(`Larger variants are not kept in the ${place.toLowerCase()}.`),
  readTimeoutSeconds: moreThanNone(2).describe(
    'A look-up that takes longer counts as a miss; after two, the service is left out until it answers again. More than 0.',
  ),
  writeTimeoutSeconds: moreThanNone(10).describe('A write that takes longer has failed. More than 0.'),
});

const isHttpUrl = (text: string): boolean => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);

/** Variants in Google Cloud Storage. */
const gcsCacheSettings = z.strictObject({
  bucket: z
    .string()
    .default('')
    .describe(
      'Bucket of Google Cloud Storage that keeps variants below all others. Empty: none. Needs the package @google-cloud/storage.',
    ),
  credentials: secretText()
    .default('')
    .describe(
      'Key of a service account, as JSON text. Empty: GOOGLE_APPLICATION_CREDENTIALS, gcloud or the service account of the machine.',
    ),
  anonymous: z
    .boolean()
    .default(false)
    .describe('Ask without credentials: servers that stand in for Google in tests.'),
  ...objectFields('Bucket'),
});
export type GcsCacheSettings = z.infer<typeof gcsCacheSettings>;

/** Variants in Azure Blob Storage. */
const absCacheSettings = z
  .strictObject({
    container: z
      .string()
      .default('')
      .describe(
        'Container of Azure Blob Storage that keeps variants below all others; made if missing. Empty: none. Needs the package @azure/storage-blob.',
      ),
    accountName: z.string().default('').describe('Storage account.'),
    accountKey: secretText()
      .default('')
      .describe(
        'Access key of the account. Empty: whoever the machine is to Azure (needs the package @azure/identity).',
      ),
    ...objectFields('Container'),
  })
  .refine(
    ({ container, accountName, endpoint }) => container === '' || accountName !== '' || endpoint !== '',
    {
      path: ['accountName'],
      error: 'expected the name of the storage account with the container',
    },
  );
export type AbsCacheSettings = z.infer<typeof absCacheSettings>;

/** Where originals and variants are kept between requests, and how much of them. Sizes are bytes. */
export const cacheSettings = z.strictObject({
  dir: z
    .string()
    .default('')
    .describe(
      'Folder on a local disk where variants and originals are kept; it is made if missing and survives a restart. Empty: variants live in memory only, originals in a temporary folder that is removed at the end.',
    ),
  memory: byteSize('128MiB').describe(
    'Bytes of variants held in memory, the most recently used ones. 0: none.',
  ),
  memorySeconds: seconds(0).describe(
    'What was written into memory, or into the temporary folder for originals, so long ago is forgotten: then the source is asked anew, unless cache.dir or a shared cache has it. 0: when its place is needed.',
  ),
  layout: z
    .enum(['pictor', 'imageproxy'])
    .default('pictor')
    .describe(
      'How variants and originals lie in cache.dir, buckets and containers. `imageproxy`: as willnorris/imageproxy lays them, each a whole HTTP response, originals too; its folders and buckets can be gone on with.',
    ),
  folder: byteSize('0').describe(
    'Only with layout imageproxy: bytes that cache.dir may hold, what was there before included; the least recently used go first. 0: no bound.',
  ),
  variants: byteSize('4GiB').describe(
    'Bytes of variants on disk, counted in blocks of 4 KiB as the disk does. The least recently used go first. Only with cache.dir.',
  ),
  originals: byteSize('1GiB').describe(
    'Bytes of fetched originals on disk, in cache.dir or else in a temporary folder. Allow at least as much as all requests in flight need at one time.',
  ),
  mezzanines: byteSize('1GiB').describe(
    'Bytes on disk for mezzanines: reduced copies of large originals that spare further variants the decoding; in cache.dir or else in a temporary folder. 0: none are made.',
  ),
  redis: redisSettings.prefault({}),
  s3: s3CacheSettings.prefault({}),
  gcs: gcsCacheSettings.prefault({}),
  abs: absCacheSettings.prefault({}),
});

export type CacheSettings = z.infer<typeof cacheSettings>;

/** The `cache` of a mount: all of it, and nothing of it is shared with anybody. */
export const mountCacheSettings = cacheSettings.describe(
  'A cache of this mount alone, as `cache` of the server, whose entries it neither finds nor pushes out. Its fields have the same defaults, but for `dir`: empty. Absent: that of the server.',
);
