import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import fc from 'fast-check';
import sharp from 'sharp';
import { icon } from '../../../../scripts/fixtures/icon.ts';
import { decodeBmp } from '../../../../src/engine/codecs/bmp/decode.ts';
import { decodeIconBitmap } from '../../../../src/engine/codecs/ico/bitmap.ts';
import { largestEntry } from '../../../../src/engine/codecs/ico/directory.ts';
import { inspect } from '../../../../src/engine/job/run-work.ts';
import { transform } from '../../../../src/engine/job/transform.ts';
import { defaultLimits, fixture, jobOf } from '../../../support/engine-jobs.ts';

const load = (name: string) => readFile(fixture(`${name}.ico`));
const pixelsOf = async (of: string | Uint8Array) =>
  sharp((await transform(jobOf({ of, format: 'png' }))).bytes)
    .ensureAlpha()
    .raw()
    .toBuffer();

const [width, height] = [23, 17];

test('bitmaps of every depth show the same colours as the bitmap alone, with their mask as alpha', async () => {
  for (const kind of ['1', '4', '8', '24', '32']) {
    const pixels = await pixelsOf(`${kind}.ico`);
    const alone = decodeBmp(await readFile(fixture(`${kind}.bmp`)));
    for (let pixel = 0; pixel < width * height; pixel += 1) {
      const clear = pixel % width < Math.floor(width / 3);
      assert.equal(pixels[pixel * 4 + 3], clear ? 0 : 255, `${kind}: alpha of ${pixel}`);
      if (clear) continue;
      for (const channel of [0, 1, 2])
        assert.equal(pixels[pixel * 4 + channel], alone.data[pixel * 3 + channel], `${kind}: ${pixel}`);
    }
  }
});

test('the alpha of 32 bits counts instead of the mask, where there is any', async () => {
  const pixels = await pixelsOf('32-alpha.ico');
  const alone = decodeBmp(await readFile(fixture('32-alpha.bmp')));
  for (let at = 3; at < pixels.length; at += 4) assert.equal(pixels[at], alone.data[at]);
});

test('a PNG inside is read with its alpha', async () => {
  assert.deepEqual(await pixelsOf('png.ico'), await sharp(fixture('alpha.png')).raw().toBuffer());
});

test('the largest picture is taken, whatever the directory says of sizes', async () => {
  const info = await inspect({ input: { path: fixture('sizes.ico') }, limits: defaultLimits });
  assert.deepEqual([info.format, info.width, info.height, info.hasAlpha], ['ico', 48, 48, true]);
  const png = async (side: number) =>
    sharp({ create: { width: side, height: side, channels: 3, background: 'red' } })
      .png()
      .toBuffer();
  const lying = largestEntry(icon([await png(20), await png(300), await png(40)], 16));
  assert.deepEqual([lying?.width, lying?.height], [300, 300]);
});

test('entries that lead nowhere are passed over; without any other the icon is broken', async () => {
  const good = await sharp(fixture('alpha.png')).png().toBuffer();
  const broken = [Buffer.alloc(0), Buffer.from('nothing'), Buffer.alloc(300), good];
  assert.equal(largestEntry(icon(broken))?.width, 120);
  const outside = icon([good]);
  outside.writeUInt32LE(0xfffffff0, 18);
  assert.equal(largestEntry(outside), null);
  const counting = icon([good]);
  counting.writeUInt16LE(65_535, 4);
  assert.equal(largestEntry(counting)?.width, 120);
  for (const bytes of [icon([]), outside, icon([Buffer.alloc(300)])])
    await assert.rejects(pixelsOf(bytes), { code: 'IMAGE_BROKEN' });
});

test('a mask that is missing leaves the picture opaque', async () => {
  const entry = largestEntry(await load('24'));
  const withoutMask = entry!.bytes.subarray(0, entry!.bytes.length - 4);
  const { data } = decodeIconBitmap(withoutMask);
  for (let at = 3; at < data.length; at += 4) assert.equal(data[at], 255);
});

test('any bytes are an icon or none', () => {
  const head = Buffer.from([0, 0, 1, 0, 2, 0]);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      const entry = largestEntry(Buffer.concat([head, bytes]));
      if (entry !== null) assert.ok(entry.width > 0 && entry.height > 0);
    }),
  );
});
