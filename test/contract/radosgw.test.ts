import { after, before, test } from 'node:test';
import { flatLayout } from '../../src/stores/s3/layout.ts';
import { radosgwMissing, startRadosgw } from '../support/radosgw.ts';
import type { RunningS3 } from '../support/s3-service.ts';
import { describeBucket } from './bucket.ts';
import { mirroredBucketUnderTest, s3BucketsUnderTest } from './buckets.ts';
import { s3StoreUnderTest, startS3Source } from './s3.ts';
import { describeSource } from './source.ts';
import { describeStore } from './store.ts';

if (radosgwMissing !== false) {
  test('s3 (Ceph radosgw)', { skip: radosgwMissing }, () => {});
} else {
  let service: RunningS3;
  before(async () => {
    service = await startRadosgw();
  });
  after(() => service.close());

  for (const each of s3BucketsUnderTest('Ceph radosgw', () => service))
    describeBucket({ ...each, alsoKeys: ['a//b', '/images/x', 'a/', 'back\\slash'] });
  describeBucket(mirroredBucketUnderTest('Ceph radosgw', () => service));
  describeStore(s3StoreUnderTest('s3 (Ceph radosgw)', () => service, flatLayout('cache/')));
  describeSource('s3 (Ceph radosgw)', () => startS3Source(service));
}
