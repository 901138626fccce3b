/** Buckets on S3, as the contract suite asks for them, on any service that is running. */
import type { TestContext } from 'node:test';
import { createMirroredBuckets } from '../../src/buckets/mirrored-bucket.ts';
import { createS3Buckets } from '../../src/buckets/s3-bucket.ts';
import type { Bucket } from '../../src/core/bucket.ts';
import type { S3Place } from '../../src/request/storage.ts';
import { adminOf, freshBucket, type RunningS3 } from '../support/s3-service.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import type { BucketUnderTest } from './bucket.ts';

/** Where a running service keeps objects, with what a test changes. */
export const placeOn = (service: RunningS3, changes: Partial<S3Place> = {}): S3Place => ({
  bucket: '',
  prefix: '',
  region: 'us-east-1',
  endpoint: service.endpoint,
  pathStyle: true,
  accessKeyId: service.accessKeyId,
  secretAccessKey: service.secretAccessKey,
  sessionToken: '',
  acl: '',
  // A thousand requests at once on a slow machine are no outage.
  timeoutSeconds: 120,
  maxAttempts: 3,
  ...changes,
});

/** The name of a bucket nobody has used yet. */
export async function newBucket(service: RunningS3): Promise<string> {
  const admin = adminOf(service);
  try {
    return await freshBucket(admin);
  } finally {
    admin.destroy();
  }
}

/** A bucket of its own on a service. */
export async function openS3Bucket(
  context: TestContext,
  service: RunningS3,
  changes: Partial<S3Place> = {},
): Promise<Bucket> {
  const buckets = createS3Buckets(placeOn(service, changes));
  context.after(() => buckets.close());
  return buckets.bucket(await newBucket(service));
}

/** As it is, and below a prefix with an ACL. */
export const s3BucketsUnderTest = (name: string, service: () => RunningS3): readonly BucketUnderTest[] => [
  {
    name: `s3 (${name})`,
    open: (context) => openS3Bucket(context, service()),
    keepsType: true,
    countable: 1500,
    alsoKeys: [],
    noKeys: ['line\nbreak', '\ud800'],
  },
  {
    name: `s3 (${name}), below a prefix`,
    open: (context) => openS3Bucket(context, service(), { prefix: 'images/', acl: 'bucket-owner-read' }),
    keepsType: true,
    countable: 1500,
    alsoKeys: [],
    noKeys: ['line\nbreak', '\ud800'],
  },
];

/** A folder with a bucket of the service behind it. */
export const mirroredBucketUnderTest = (name: string, service: () => RunningS3): BucketUnderTest => ({
  name: `mirrored (${name})`,
  async open(context) {
    const bucket = await openS3Bucket(context, service());
    const buckets = createMirroredBuckets({
      root: await temporaryFolder(context),
      remote: { reader: bucket, writer: bucket },
      concurrency: 10,
      maxAgeMinutes: 30,
      waitSeconds: 0,
      emit: () => {},
      now: Date.now,
    });
    context.after(() => buckets.close());
    return buckets.bucket('');
  },
  keepsType: false,
  countable: 1500,
  alsoKeys: [],
  noKeys: ['/images/x', 'a//b', '.pictor/incoming/x', 'back\\slash'],
});
