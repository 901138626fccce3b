import { after, before, test } from 'node:test';
import { flatLayout } from '../../src/stores/s3/layout.ts';
import { radosgwMissing, startRadosgw } from '../support/radosgw.ts';
import type { RunningS3 } from '../support/s3-service.ts';
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

  describeStore(s3StoreUnderTest('s3 (Ceph radosgw)', () => service, flatLayout('cache/')));
  describeSource('s3 (Ceph radosgw)', () => startS3Source(service));
}
