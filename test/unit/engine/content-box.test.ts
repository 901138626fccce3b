import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import sharp from 'sharp';
import { contentBox } from '../../../src/engine/job/content-box.ts';

/** Pixels of few shades, so that medians and thresholds are met often; some pictures are mostly one shade. */
const pictures = fc
  .tuple(fc.integer({ min: 3, max: 14 }), fc.integer({ min: 3, max: 14 }), fc.integer({ min: 2, max: 9 }))
  .chain(([width, height, plain]) =>
    fc.record({
      width: fc.constant(width),
      height: fc.constant(height),
      data: fc
        .array(fc.tuple(fc.integer({ min: 0, max: plain }), fc.constantFrom(0, 40, 45, 50, 55, 60, 100)), {
          minLength: width * height * 3,
          maxLength: width * height * 3,
        })
        .map((values) => Buffer.from(values.map(([rare, value]) => (rare === 0 ? value : 50)))),
    }),
  );

test('the box is that of libvips', async () => {
  await fc.assert(
    fc.asyncProperty(
      pictures,
      fc.constantFrom(0, 5, 10, 49, 300),
      fc.boolean(),
      async (picture, threshold, given) => {
        const { width, height, data } = picture;
        const pixels = { data, width, height, channels: 3 } as const;
        const background = { r: 50, g: 50, b: 50 };
        const { info } = await sharp(data, { raw: pixels })
          .trim({ threshold, ...(given ? { background } : {}) })
          .raw()
          .toBuffer({ resolveWithObject: true });
        const expected = {
          left: 0 - (info.trimOffsetLeft ?? 0),
          top: 0 - (info.trimOffsetTop ?? 0),
          width: info.width,
          height: info.height,
        };
        const colour = given ? ([50, 50, 50] as const) : ([data[0]!, data[1]!, data[2]!] as const);
        assert.deepEqual(contentBox(pixels, { threshold, colour }), expected);
      },
    ),
    { numRuns: 400 },
  );
});

test('a large picture of one colour is all border', () => {
  const data = Buffer.alloc(2000 * 1500 * 3, 200);
  const box = contentBox(
    { data, width: 2000, height: 1500, channels: 3 },
    { threshold: 0, colour: [200, 200, 200] },
  );
  assert.deepEqual(box, { left: 0, top: 0, width: 2000, height: 1500 });
});
