import { after, before } from 'node:test';
import { createFolderBuckets } from '../../src/buckets/folder-bucket.ts';
import { type RunningS3rver, startS3rver } from '../support/s3rver.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { describeBucket } from './bucket.ts';
import { mirroredBucketUnderTest, s3BucketsUnderTest } from './buckets.ts';

let service: RunningS3rver;
before(async () => {
  service = await startS3rver();
});
after(() => service.close());

describeBucket({
  name: 'folder',
  async open(context) {
    const root = await temporaryFolder(context);
    return createFolderBuckets({ root, single: true, anyKey: false }).bucket('');
  },
  keepsType: false,
  countable: 1500,
  alsoKeys: [],
  noKeys: [
    '/images/x',
    'a//b',
    'a/',
    '.pictor',
    '.pictor/incoming/x',
    '.PICTOR/x',
    'back\\slash',
    'line\nbreak',
    'x'.repeat(256),
    '\ud800',
  ],
});

describeBucket({
  name: 'folder, any key',
  async open(context) {
    const root = await temporaryFolder(context);
    return createFolderBuckets({ root, single: false, anyKey: true }).bucket('images');
  },
  keepsType: false,
  countable: 1500,
  alsoKeys: ['/images/x', 'a//b', '.pictor', '.pictor/incoming/x', 'back\\slash', 'a%2F/b', 'tab\t'],
  noKeys: ['a/', 'line\nbreak', 'x'.repeat(256), '\ud800'],
});

/** It makes the token of a second page with a cipher that Node has no more. */
const countable = 900;
const unordered = 's3rver takes a slash for the first of all characters';
for (const each of s3BucketsUnderTest('s3rver', () => service))
  describeBucket({ ...each, countable, unordered });
describeBucket({ ...mirroredBucketUnderTest('s3rver', () => service), countable, unordered });
