import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { FramePixels } from '../../../src/core/operation.ts';
import { blockMeans } from '../../../src/operations/render/block-means.ts';

/** What libvips 8.18 gives for embed (mirror), shrink, zoom and extract_area, one after the other. */
test('the numbers are those of libvips, mirrored at the edges', () => {
  const values = [
    [0, 37, 74, 111, 148],
    [91, 141, 191, 241, 35],
    [182, 245, 52, 115, 178],
    [17, 93, 169, 245, 65],
  ].flat();
  const size = { width: 5, height: 4, channels: 1 } as const;
  assert.deepEqual(
    [...blockMeans({ ...size, data: Uint8Array.from(values) }, 3)],
    [
      [112, 112, 112, 131, 131],
      [112, 112, 112, 131, 131],
      [112, 112, 112, 131, 131],
      [115, 115, 115, 135, 135],
    ].flat(),
  );
  const deep = Uint16Array.from(values, (value) => value * 257);
  assert.deepEqual(
    [...blockMeans({ ...size, data: deep }, 3)],
    [
      [28_927, 28_927, 28_927, 33_953, 33_953],
      [28_927, 28_927, 28_927, 33_953, 33_953],
      [28_927, 28_927, 28_927, 33_953, 33_953],
      [29_612, 29_612, 29_612, 34_866, 34_866],
    ].flat(),
  );
});

test('an exact half goes up, and down where a factor of 24 bits stands for the division', () => {
  const stripes = (side: number): FramePixels => ({
    data: Uint8Array.from({ length: side * side }, (_, at) => 126 + (Math.floor(at / side) % 2)),
    width: side,
    height: side,
    channels: 1,
  });
  assert.equal(blockMeans(stripes(8), 8)[0], 127);
  assert.equal(blockMeans(stripes(10), 10)[0], 126);
});

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const length = fc.integer({ min: 1, max: 17 });
const frame = fc
  .tuple(length, length, fc.constantFrom(1 as const, 2 as const, 3 as const, 4 as const))
  .chain(([width, height, channels]) =>
    bytes(width * height * channels).map((data): FramePixels => ({ data, width, height, channels })),
  );

test('each block has the mean of what it covers, and is of one colour', () => {
  fc.assert(
    fc.property(frame, fc.integer({ min: 2, max: 24 }), (pixels, side) => {
      const before = pixels.data.slice();
      const got = blockMeans(pixels, side);
      assert.deepEqual(pixels.data, before, 'what it is handed stays as it is');
      for (let y = 0; y < pixels.height; y += 1) {
        for (let x = 0; x < pixels.width; x += 1) {
          const mean = plainMean(pixels, { x: x - (x % side), y: y - (y % side), side });
          const at = (y * pixels.width + x) * pixels.channels;
          const corner = ((y - (y % side)) * pixels.width + x - (x % side)) * pixels.channels;
          for (const [channel, value] of mean.entries()) {
            assert.equal(got[at + channel], got[corner + channel]);
            // Two means one after the other, each rounded: by a half, and by what the factor misses with an odd side.
            assert.ok(
              Math.abs(got[at + channel]! - value) <= 1.001 + 1 / side,
              `${x},${y}: ${got[at + channel]} is not ${value}`,
            );
          }
        }
      }
    }),
  );
});

/** The sum of all that a block covers by how often it is there; colours by as much as they are opaque. */
function plainMean(
  { data, width, height, channels }: FramePixels,
  { x: left, y: top, side }: { readonly x: number; readonly y: number; readonly side: number },
): number[] {
  const mirror = (at: number, end: number) =>
    at % (2 * end) < end ? at % (2 * end) : 2 * end - 1 - (at % (2 * end));
  const hasAlpha = channels % 2 === 0;
  const sums = Array.from({ length: channels }, () => 0);
  let weights = 0;
  for (let y = top; y < top + side; y += 1) {
    for (let x = left; x < left + side; x += 1) {
      const at = (mirror(y, height) * width + mirror(x, width)) * channels;
      const weight = hasAlpha ? data[at + channels - 1]! : 1;
      weights += weight;
      for (let channel = 0; channel < channels; channel += 1)
        sums[channel]! += data[at + channel]! * (hasAlpha && channel === channels - 1 ? 1 : weight);
    }
  }
  return sums.map((sum, channel) =>
    hasAlpha && channel === channels - 1 ? sum / side ** 2 : weights === 0 ? 0 : sum / weights,
  );
}

test('what is not seen gives no colour; an opaque block is the same with and without alpha', () => {
  const half = Uint8Array.from([255, 255, 255, 255, 0, 0, 0, 0]);
  assert.deepEqual(
    [...blockMeans({ data: half, width: 2, height: 1, channels: 4 }, 2)],
    [255, 255, 255, 128, 255, 255, 255, 128],
  );
  assert.deepEqual(
    [...blockMeans({ data: Uint8Array.from([9, 0, 7, 0]), width: 2, height: 1, channels: 2 }, 2)],
    [0, 0, 0, 0],
  );
  const opaque = { data: Uint8Array.from([126, 255, 127, 255]), width: 2, height: 1, channels: 2 } as const;
  assert.deepEqual([...blockMeans(opaque, 2)], [127, 255, 127, 255]);
});

test('a block as long as a very flat picture costs no more than the picture', () => {
  const data = Uint8Array.from({ length: 200_000 }, (_, at) => at % 2);
  assert.equal(blockMeans({ data, width: 200_000, height: 1, channels: 1 }, 200_000).length, 200_000);
});
