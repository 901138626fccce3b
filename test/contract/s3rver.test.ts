import { after, before } from 'node:test';
import { type RunningS3rver, startS3rver } from '../support/s3rver.ts';
import { s3StoreUnderTest, shortParts, startS3Source } from './s3.ts';
import { describeSource } from './source.ts';
import { describeStore } from './store.ts';

let service: RunningS3rver;
before(async () => {
  service = await startS3rver();
});
after(() => service.close());

describeStore(s3StoreUnderTest('s3 (s3rver)', () => service, shortParts('cache/')));
describeSource('s3 (s3rver)', () => startS3Source(service));
