import * as z from 'zod';
import { count, seconds, secretText } from '../core/settings.ts';
import type { S3Place } from './storage.ts';

const endpoint = z
  .string()
  .default('')
  .refine((text) => text === '' || isEndpoint(text), {
    error: 'expected an http or https URL without user name and query, e.g. https://minio.internal:9000',
  });

function isEndpoint(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, username, password, search, hash } = new URL(text);
  return /^https?:$/.test(protocol) && [username, password, search, hash].every((part) => part === '');
}

/** Settings of the S3 service that keeps a mount's objects: an `S3Place` but for what the dialect has names of its own for. */
export const s3PlaceFields = {
  bucket: z.string().default('').describe('Bucket that keeps the objects.'),
  region: z
    .string()
    .regex(/^[A-Za-z0-9-]*$/, 'expected the name of a region, e.g. eu-central-1')
    .default('')
    .describe('Region requests are signed for. Empty: AWS_REGION or that of the profile.'),
  endpoint: endpoint.describe(
    'URL of an S3 service other than Amazon: MinIO, Ceph, R2. Empty: Amazon, or what AWS_ENDPOINT_URL_S3 says.',
  ),
  pathStyle: z
    .boolean()
    .default(true)
    .describe('With an endpoint: the bucket is the first part of the path, not of the host name.'),
  accessKeyId: z
    .string()
    .default('')
    .describe('Key for this service. Empty: the usual chain of AWS_* variables, profile and instance role.'),
  secretAccessKey: secretText().default('').describe('Secret that belongs to accessKeyId.'),
  sessionToken: secretText().default('').describe('Token of temporary credentials.'),
  acl: z.string().default('').describe('Canned ACL of what is written. Empty: none is sent.'),
  timeoutSeconds: seconds(240).describe(
    'Time limit of one try of a request; of reads, of all tries until the answer begins.',
  ),
  maxAttempts: count(5, 1).describe('Tries of one request, the first included.'),
};

/** Where objects are, from settings with these fields. @param prefix put before every key */
export const s3PlaceOf = (settings: Omit<S3Place, 'prefix'>, prefix: string): S3Place => {
  const { bucket, region, endpoint: url, pathStyle, accessKeyId, secretAccessKey, sessionToken } = settings;
  const { acl, timeoutSeconds, maxAttempts } = settings;
  return {
    bucket,
    prefix,
    region,
    endpoint: url,
    pathStyle,
    accessKeyId,
    secretAccessKey,
    sessionToken,
    acl,
    timeoutSeconds,
    maxAttempts,
  };
};
