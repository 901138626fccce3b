import * as z from 'zod';
import { count, seconds, secretText } from '../core/settings.ts';

/** `minio.internal:9000` could be either protocol: said, not guessed. User-info would end up in logs. */
const endpoint = z
  .string()
  .default('')
  .refine((text) => text === '' || isEndpoint(text), {
    error:
      'expected an http or https URL without user name, query and fragment, e.g. https://minio.internal:9000',
  });

function isEndpoint(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, username, password, search, hash } = new URL(text);
  return /^https?:$/.test(protocol) && [username, password, search, hash].every((part) => part === '');
}

/** How an S3 service is reached and by whom: fields shared by every section that talks to one. */
export const s3ConnectionFields = {
  endpoint: endpoint.describe(
    'URL of an S3 service other than Amazon: MinIO, Ceph, R2. It may be on a private address. Empty: Amazon, or what AWS_ENDPOINT_URL_S3 says.',
  ),
  pathStyle: z
    .boolean()
    .default(true)
    .describe(
      'With an endpoint: the bucket is the first part of the path, not of the host name. Amazon itself is always asked by host name.',
    ),
  region: z
    .string()
    .regex(/^[A-Za-z0-9-]*$/, 'expected the name of a region, e.g. eu-central-1')
    .default('')
    .describe('Region requests are signed for. Empty: AWS_REGION or that of the profile.'),
  fallbackRegion: z
    .string()
    .regex(/^[A-Za-z0-9-]+$/, 'expected the name of a region, e.g. eu-central-1')
    .default('us-east-1')
    .describe('Region when neither the setting nor environment and profile name one.'),
  accessKeyId: z
    .string()
    .default('')
    .describe(
      'Key of its own for this service. Empty: the usual chain of AWS_* variables, profile, container and instance role.',
    ),
  secretAccessKey: secretText().default('').describe('Secret that belongs to accessKeyId.'),
  maxConnections: count(50, 1).describe('Connections to the service at the same time.'),
  connectTimeoutSeconds: seconds(2).describe('Until a connection stands, TLS included. 0: no limit.'),
};

/** A key without its secret, or the other way round, would fall back to the chain and read somebody else's data. */
export const hasWholeKey = (settings: {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}): boolean => (settings.accessKeyId === '') === (settings.secretAccessKey === '');

/** How to reach one S3 service. */
export interface S3Connection {
  readonly endpoint: string;
  readonly pathStyle: boolean;
  readonly region: string;
  readonly fallbackRegion: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly maxConnections: number;
  readonly connectTimeoutSeconds: number;
  /** Of temporary credentials. */
  readonly sessionToken?: string;
  /** For one try, until the head of the answer is here. Absent: no limit. */
  readonly tryTimeoutSeconds?: number;
  /** A connection on which nothing has moved for so long is given up. Absent: none is. */
  readonly idleTimeoutSeconds?: number;
  /** Tries of one request, the first included; between them the SDK waits a little longer each time. Default 3. */
  readonly maxAttempts?: number;
  /** Role taken on with the credentials above, and renewed before it expires. */
  readonly assumeRole?: { readonly arn: string; readonly externalId: string };
}
