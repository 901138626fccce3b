import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { fileTypeFromBuffer } from 'file-type';
import sharp from 'sharp';
import type { EncodeSpec, FormatDefinition } from '../../../src/core/format.ts';
import { formats } from '../../../src/formats/index.gen.ts';

const all: readonly FormatDefinition[] = Object.values(formats);
/** The others are tried with their codecs (test/contract/codec.test.ts). */
const writable = all.filter(({ write }) => write?.by === 'libvips');
const writeOf = (format: FormatDefinition) => {
  assert.ok(format.write?.by === 'libvips');
  return format.write;
};

const picture = () => {
  const data = new Uint8Array(24 * 16 * 4).map((_, index) => (index * 7) % 256);
  return sharp(data, { raw: { width: 24, height: 16, channels: 4 } });
};

const spec = (format: FormatDefinition, more: Partial<EncodeSpec> = {}): EncodeSpec => ({
  format: format.name,
  options: format.write!.defaults,
  frames: 1,
  pixels: 24 * 16,
  ...(format.write!.usesQuality ? { quality: format.write!.quality } : {}),
  ...more,
});

const encoded = (format: FormatDefinition, more: Partial<EncodeSpec> = {}) =>
  writeOf(format)
    .encode(format.holds.alpha ? picture() : picture().flatten(), spec(format, more))
    .toBuffer();

test('names, media types, extensions and detected types belong to one format each', () => {
  for (const field of ['mediaTypes', 'extensions', 'detectedAs'] as const) {
    const each = all.flatMap((format) => format[field]);
    assert.equal(new Set(each).size, each.length, field);
  }
  assert.deepEqual(
    Object.keys(formats),
    all.map(({ name }) => name),
  );
});

describe('writing', () => {
  for (const format of writable) {
    test(`${format.name}: the bytes are detected as it, and hold what it says`, async () => {
      const bytes = await encoded(format);
      const detected = await fileTypeFromBuffer(bytes);
      assert.ok(detected !== undefined && format.detectedAs.includes(detected.ext), detected?.ext);
      assert.ok(format.mediaTypes.includes(detected.mime));
      const { width, height, hasAlpha } = await sharp(bytes).metadata();
      assert.deepEqual([width, height, hasAlpha], [24, 16, format.holds.alpha]);
    });

    test(`${format.name}: unknown knobs are refused`, () => {
      const { options } = format.write!;
      assert.equal(options().safeParse(format.write!.defaults).success, true);
      assert.equal(options().safeParse({ nonsense: 1 }).success, false);
    });

    if (format.write!.usesQuality && format.name !== 'tiff') {
      test(`${format.name}: quality counts`, async () => {
        const [low, high] = [await encoded(format, { quality: 10 }), await encoded(format, { quality: 95 })];
        assert.ok(low.length < high.length);
      });
    }
  }

  test('jpeg: chroma is halved below quality 90 only', async () => {
    const chroma = async (quality: number) =>
      (await sharp(await encoded(formats.jpeg, { quality })).metadata()).chromaSubsampling;
    assert.equal(await chroma(89), '4:2:0');
    assert.equal(await chroma(90), '4:4:4');
  });

  test('AVIF can keep 10 bits', async () => {
    const bytes = await encoded(formats.avif, { options: formats.avif.write.deep });
    assert.equal((await sharp(bytes).metadata()).bitsPerSample, 10);
  });
});

describe('animation', () => {
  /** Three frames of one colour each, stacked as sharp has them. */
  const frames = () => {
    const data = new Uint8Array(8 * 18 * 3).map((_, index) =>
      index < 8 * 6 * 3 ? 255 : index < 8 * 12 * 3 ? 128 : 0,
    );
    return sharp(data, { raw: { width: 8, height: 18, channels: 3, pageHeight: 6 } });
  };

  for (const format of writable.filter(({ holds }) => holds.animation)) {
    test(`${format.name}: frames, delays and repeats`, async () => {
      const three = spec(format, { frames: 3, delays: [100, 200], loop: 2 });
      const bytes = await writeOf(format).encode(frames(), three).toBuffer();
      const { pages, pageHeight, delay, loop } = await sharp(bytes, { animated: true }).metadata();
      assert.deepEqual(
        { pages, pageHeight, delay, loop },
        { pages: 3, pageHeight: 6, delay: [100, 200, 40], loop: 2 },
      );
    });
  }
});

test('the loaders of our formats open them while every other loader is blocked', async () => {
  const files = new Map<FormatDefinition, Uint8Array>();
  for (const format of writable) files.set(format, await encoded(format));
  files.set(
    formats.svg,
    new TextEncoder().encode('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="7"/>'),
  );
  sharp.block({ operation: ['VipsForeignLoad'] });
  for (const [format, bytes] of files) {
    await assert.rejects(sharp(bytes).metadata(), `${format.name} is blocked at first`);
    const { read } = format;
    assert.ok(read?.by === 'libvips');
    sharp.unblock({ operation: [...read.loaders] });
    await sharp(bytes).metadata();
  }
});
