import * as z from 'zod';
import { count, seconds, secretText } from '../core/settings.ts';

/** Which buckets may be read. */
const bucketLists = (word: 'Buckets' | 'Containers') => ({
  allowedBuckets: z
    .array(z.string().min(1))
    .default([])
    .describe(`${word} that may be read. Empty: all that the credentials can read.`),
  deniedBuckets: z
    .array(z.string().min(1))
    .default([])
    .describe(`${word} that are never read, also when they are allowed.`),
});

const isPlainUrl = (text: string): boolean => {
  if (!URL.canParse(text)) return false;
  const { protocol, username, password, search, hash } = new URL(text);
  return /^https?:$/.test(protocol) && [username, password, search, hash].every((part) => part === '');
};

const plainUrl = (example: string) =>
  z
    .string()
    .default('')
    .refine((text) => text === '' || isPlainUrl(text), {
      error: `expected an http or https URL without user name, query and fragment, e.g. ${example}`,
    });

const wholeObject = 'For the whole object, from the first question to the last byte. 0: no limit.';

const isJsonObject = (text: string): boolean => {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
};

/** Google Cloud Storage; needs the package `@google-cloud/storage`. */
export const gcsSourceSettings = z.strictObject({
  enabled: z
    .boolean()
    .default(false)
    .describe('Read gs://bucket/key sources. Needs the package @google-cloud/storage.'),
  credentials: secretText()
    .default('')
    .refine((text) => text === '' || isJsonObject(text), {
      error: 'expected the JSON of a key, as Google gives it out: {"type": "service_account", …}',
    })
    .describe(
      'Key of a service account, as JSON text. Empty: GOOGLE_APPLICATION_CREDENTIALS, gcloud or the service account of the machine.',
    ),
  anonymous: z
    .boolean()
    .default(false)
    .describe('Ask without credentials: public buckets, and servers that stand in for Google in tests.'),
  endpoint: plainUrl('https://storage.googleapis.com').describe(
    'URL of the service when it is not Google’s own. It may be on a private address.',
  ),
  ...bucketLists('Buckets'),
  timeoutSeconds: seconds(20).describe(wholeObject),
});
export type GcsSourceSettings = z.infer<typeof gcsSourceSettings>;

/** Azure Blob Storage; needs the package `@azure/storage-blob`. */
export const absSourceSettings = z
  .strictObject({
    enabled: z
      .boolean()
      .default(false)
      .describe('Read abs://container/key sources. Needs the package @azure/storage-blob.'),
    accountName: z
      .string()
      .regex(/^[a-z0-9]*$/, 'expected the name of a storage account: lower-case letters and digits')
      .default('')
      .describe('Storage account.'),
    accountKey: secretText()
      .default('')
      .refine((text) => /^[A-Za-z0-9+/]*={0,2}$/.test(text), { error: 'expected an access key: base64 text' })
      .describe(
        'Access key of the account. Empty: whoever the machine is to Azure (needs the package @azure/identity).',
      ),
    endpoint: plainUrl('https://account.blob.core.windows.net').describe(
      'URL of the account when it is not Azure’s own. It may be on a private address.',
    ),
    ...bucketLists('Containers'),
    timeoutSeconds: seconds(20).describe(wholeObject),
    maxAttempts: count(3, 1).describe('Tries of one request, the first included.'),
  })
  .refine(({ enabled, accountName, endpoint }) => !enabled || accountName !== '' || endpoint !== '', {
    path: ['accountName'],
    error: 'expected the name of the storage account whose containers are to be read',
  })
  .refine(({ accountName, accountKey }) => accountKey === '' || accountName !== '', {
    path: ['accountName'],
    error: 'expected the name of the storage account that accountKey belongs to',
  });
export type AbsSourceSettings = z.infer<typeof absSourceSettings>;

/** OpenStack Swift. */
export const swiftSourceSettings = z
  .strictObject({
    enabled: z.boolean().default(false).describe('Read swift://container/key sources.'),
    authUrl: plainUrl('https://keystone.example.com/v3').describe('URL of the identity service.'),
    authVersion: z
      .number()
      .int()
      .min(0)
      .max(3)
      .default(0)
      .describe('Version of the identity service, 1 to 3. 0: by the end of authUrl, else 1.'),
    username: z.string().default('').describe('User.'),
    apiKey: secretText().default('').describe('Password or key of the user.'),
    tenant: z.string().default('').describe('Tenant (project). Versions 2 and 3 only.'),
    domain: z.string().default('').describe('Domain of the user and of the tenant. Version 3 only.'),
    ...bucketLists('Containers'),
    connectTimeoutSeconds: seconds(10).describe('Until a connection stands, TLS included. 0: no limit.'),
    timeoutSeconds: seconds(60).describe(wholeObject),
  })
  .refine(({ enabled, authUrl }) => !enabled || authUrl !== '', {
    path: ['authUrl'],
    error: 'expected the URL of the identity service',
  });
export type SwiftSourceSettings = z.infer<typeof swiftSourceSettings>;
