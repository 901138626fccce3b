import assert from 'node:assert/strict';
import { test } from 'node:test';
import { canonicalText, parseImageRequest } from '../../../src/request/canonical.ts';
import type { ImageRequest } from '../../../src/request/image-request.ts';
import { markLimitsOf, resultLimitsOf, withMountLimits } from '../../../src/request/mount-limits.ts';

const image: ImageRequest = {
  source: 'local:///a.jpg',
  operations: [],
  output: { format: { exact: 'png' } },
};

test('a mount without bounds leaves its requests as they are', () => {
  assert.equal(withMountLimits(image, undefined), image);
});

test('bounds of a mount are a part of the request, so that its pictures are found by those bounded alike', () => {
  const tight = withMountLimits(image, { maxPixels: 100 });
  const wide = withMountLimits(image, { maxPixels: 1000 });
  assert.equal(canonicalText(tight), canonicalText(withMountLimits(image, { maxPixels: 100 })));
  assert.equal(new Set([image, tight, wide].map(canonicalText)).size, 3);
  assert.deepEqual(parseImageRequest(JSON.parse(canonicalText(tight))).limits, tight.limits);
});

test('what the request says itself wins over its mount, and the rest of the mount still counts', () => {
  const limits = { maxPixels: 5000, inputs: { never: ['svg'] } };
  const asked = withMountLimits({ ...image, limits }, { maxPixels: 100, maxFrames: 3 });
  assert.deepEqual(asked.limits, {
    maxPixels: 5000,
    maxFrames: 3,
    inputs: { never: ['svg'] },
    marks: { maxPixels: 100 },
  });
});

test('watermarks of URLs are bounded as originals are, those of the operator are not', () => {
  const asked = withMountLimits(image, { maxSide: 64, maxResultPixels: 10 });
  assert.deepEqual(markLimitsOf('https://a.test/mark.png', asked), { maxSide: 64 });
  assert.deepEqual(markLimitsOf('asset:123', asked), {});
  assert.deepEqual(markLimitsOf('https://a.test/mark.png', image), {});
});

test('of the operator’s own pictures only what is made of them is bounded', () => {
  const all = {
    maxPixels: 1,
    maxSide: 2,
    maxSourceBytes: 3,
    maxFrames: 4,
    maxFramePixels: 5,
    maxResultPixels: 6,
  };
  assert.deepEqual(resultLimitsOf(all), { maxFrames: 4, maxFramePixels: 5, maxResultPixels: 6 });
});
