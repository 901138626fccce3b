/** An S3 service on loopback, as tests that run against several of them see it. */
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import type { S3Connection } from '../../src/cloud/s3-settings.ts';

/** A running service and a key that may do everything there. */
export interface RunningS3 {
  readonly endpoint: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  close(): Promise<void>;
}

/** A connection to it, with what a test changes. */
export const connectionTo = (service: RunningS3, changes: Partial<S3Connection> = {}): S3Connection => ({
  endpoint: service.endpoint,
  pathStyle: true,
  region: 'us-east-1',
  fallbackRegion: 'us-east-1',
  accessKeyId: service.accessKeyId,
  secretAccessKey: service.secretAccessKey,
  maxConnections: 50,
  connectTimeoutSeconds: 5,
  ...changes,
});

/** The other side: fills buckets, independent of the code under test. The caller destroys it. */
export const adminOf = (service: RunningS3): S3Client =>
  new S3Client({
    endpoint: service.endpoint,
    forcePathStyle: true,
    region: 'us-east-1',
    credentials: { accessKeyId: service.accessKeyId, secretAccessKey: service.secretAccessKey },
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  });

let buckets = 0;

/** A bucket nobody has used yet. */
export async function freshBucket(admin: S3Client): Promise<string> {
  buckets += 1;
  const bucket = `test-${process.pid}-${buckets}`;
  await admin.send(new CreateBucketCommand({ Bucket: bucket }));
  return bucket;
}

type Facts = Partial<ConstructorParameters<typeof PutObjectCommand>[0]>;

/** Puts an object there. */
export async function putObject(
  admin: S3Client,
  place: { readonly bucket: string; readonly key: string },
  object: Facts & { readonly Body: Uint8Array | string },
): Promise<void> {
  await admin.send(new PutObjectCommand({ Bucket: place.bucket, Key: place.key, ...object }));
}
