/** Source and store on S3, as the contract suites ask for them, on any service that is running. */
import type { TestContext } from 'node:test';
import { createS3Service } from '../../src/cloud/s3-session.ts';
import type { BlobStore } from '../../src/core/ports.ts';
import { createS3Source } from '../../src/sources/s3-source.ts';
import { sourcesSettings } from '../../src/sources/settings.ts';
import { flatLayout, type S3Layout } from '../../src/stores/s3/layout.ts';
import { createS3Store } from '../../src/stores/s3-store.ts';
import { adminOf, connectionTo, freshBucket, putObject, type RunningS3 } from '../support/s3-service.ts';
import type { SourceUnderTest } from './source.ts';
import type { StoreUnderTest } from './store.ts';

/** s3rver keeps objects as files: no part of a path may be as long as a key may be. */
export const shortParts = (prefix: string): S3Layout => {
  const flat = flatLayout(prefix);
  return {
    ...flat,
    pathOf: (key) => flat.pathOf(key).replaceAll(/[^/]{100}/g, '$&/'),
    keyOf: (path) => flat.keyOf(path.replaceAll(/([^/]{100})\//g, '$1')),
  };
};

/** A store in a bucket of its own. */
export async function openS3Store(
  context: TestContext,
  service: RunningS3,
  layout: S3Layout,
): Promise<BlobStore> {
  const admin = adminOf(service);
  const bucket = await freshBucket(admin);
  admin.destroy();
  const store = createS3Store({
    service: createS3Service(connectionTo(service)),
    bucket,
    layout,
    // A thousand requests at once on a slow machine are no outage.
    readSeconds: 120,
    writeSeconds: 120,
    emit: () => {},
  });
  context.after(() => store.close());
  return store;
}

/** What the store's suite asks for. */
export const s3StoreUnderTest = (
  name: string,
  service: () => RunningS3,
  layout: S3Layout,
): StoreUnderTest => ({
  name,
  open: (context) => openS3Store(context, service(), layout),
  cost: (bodyBytes) => bodyBytes,
  unboundedBecause: 'a bucket has no bound: lifecycle rules are the operator’s',
});

/** What the source's suite asks for. */
export async function startS3Source(service: RunningS3): Promise<SourceUnderTest> {
  const admin = adminOf(service);
  const bucket = await freshBucket(admin);
  const { s3, versionSeparator } = sourcesSettings.parse({
    s3: {
      enabled: true,
      endpoint: service.endpoint,
      accessKeyId: service.accessKeyId,
      secretAccessKey: service.secretAccessKey,
      region: 'us-east-1',
    },
  });
  return {
    source: createS3Source(s3, { versionSeparator }),
    async put(name, bytes) {
      await putObject(admin, { bucket, key: name }, { Body: bytes });
      return `s3://${bucket}/${name}`;
    },
    missing: `s3://${bucket}/missing`,
    async close() {
      admin.destroy();
    },
  };
}
