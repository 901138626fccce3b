import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, test } from 'node:test';
import { brotliCompressSync } from 'node:zlib';
import fc from 'fast-check';
import sharp from 'sharp';
import { PictorError } from '../../../../src/core/errors.ts';
import { openJxl } from '../../../../src/engine/codecs/jxl/container.ts';
import { readJxlHeader } from '../../../../src/engine/codecs/jxl/header.ts';
import { inspect } from '../../../../src/engine/job/run-work.ts';
import { transform } from '../../../../src/engine/job/transform.ts';
import { defaultLimits, fixture, isNear, jobOf, patches } from '../../../support/engine-jobs.ts';
import { colourAt, perceptualDistance } from '../../../support/perceptual.ts';

const load = (name: string) => readFile(fixture(`${name}.jxl`));
const pngOf = async (of: string | Uint8Array) => (await transform(jobOf({ of, format: 'png' }))).bytes;

/** A box of the container (ISO/IEC 14496-12 section 4.2). */
function box(type: string, ...parts: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(parts);
  const head = Buffer.alloc(8);
  head.writeUInt32BE(body.length + 8, 0);
  head.write(type, 4, 'latin1');
  return Buffer.concat([head, body]);
}

const number = (value: number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};

const start = Buffer.concat([
  box('JXL ', Buffer.from([0x0d, 0x0a, 0x87, 0x0a])),
  box('ftyp', Buffer.from('jxl \0\0\0\0jxl ', 'latin1')),
]);

/** Writes bits from the lowest up behind the signature of a codestream. */
function codestream(...fields: readonly (readonly [value: number, bits: number])[]): Buffer {
  const stream = fields.flatMap(([value, bits]) =>
    Array.from({ length: bits }, (_, index) => Math.floor(value / 2 ** index) % 2),
  );
  const bytes = Buffer.alloc(2 + Math.ceil(stream.length / 8) + 4);
  bytes.set([0xff, 0x0a]);
  for (const [index, bit] of stream.entries()) bytes[2 + (index >> 3)]! |= bit << (index & 7);
  return bytes;
}

describe('header', () => {
  test('of files that another encoder made', async () => {
    const facts: Readonly<Record<string, readonly [number, number, boolean]>> = {
      photo: [120, 80, false],
      box: [120, 80, false],
      alpha: [120, 80, true],
      p3: [120, 80, false],
      grey16: [120, 80, false],
      // A transparent index of the GIF gave it alpha; stored lying on its side.
      animated: [60, 40, true],
      'orientation-6': [120, 80, false],
    };
    for (const [name, [width, height, alpha]] of Object.entries(facts)) {
      const info = await inspect({ input: { path: fixture(`${name}.jxl`) }, limits: defaultLimits });
      assert.deepEqual([info.width, info.height, info.hasAlpha], [width, height, alpha], name);
      assert.deepEqual([info.format, info.orientation, info.frames], ['jxl', 1, 1], name);
    }
  });

  test('sizes in all their forms', () => {
    const isDefault = [1, 1] as const;
    const size = (bytes: Buffer) => {
      const { width, height } = readJxlHeader(bytes);
      return [width, height];
    };
    // Sides of up to 256 in steps of 8, then any with 9, 13, 18 or 30 bits.
    assert.deepEqual(size(codestream([1, 1], [9, 5], [0, 3], [14, 5], isDefault)), [120, 80]);
    assert.deepEqual(size(codestream([0, 1], [0, 2], [99, 9], [1, 3], isDefault)), [100, 100]);
    assert.deepEqual(
      size(codestream([0, 1], [1, 2], [8191, 13], [0, 3], [2, 2], [262_143, 18], isDefault)),
      [262_144, 8192],
    );
    assert.deepEqual(size(codestream([0, 1], [3, 2], [2 ** 30 - 1, 30], [7, 3], isDefault)), [
      2 ** 31,
      2 ** 30,
    ]);
    const widths = [1, 2, 3, 4, 5, 6, 7].map(
      (ratio) => size(codestream([1, 1], [9, 5], [ratio, 3], isDefault))[0],
    );
    assert.deepEqual(widths, [80, 96, 106, 120, 142, 100, 160]);
  });

  test('orientation turns the size; intrinsic size, preview and animation are passed over', () => {
    const small = [
      [1, 1],
      [9, 5],
      [0, 3],
      [14, 5],
    ] as const;
    const bytes = codestream(
      ...small,
      [0, 1], // not all default
      [1, 1], // further fields
      [5, 3], // orientation 6
      [1, 1],
      ...small, // intrinsic size
      [1, 1],
      [1, 1],
      [2, 2],
      [3, 5],
      [1, 3], // preview
      [1, 1],
      [0, 2],
      [0, 2],
      [0, 2],
      [0, 1], // animation
      [0, 1],
      [0, 2], // 8 bits
      [1, 1],
      [2, 2],
      [0, 4], // two further channels
      [0, 1],
      [1, 2],
      [1, 1],
      [1, 2],
      [3, 4],
      [1, 2],
      [1, 2],
      [2, 4],
      [0x4241, 16], // depth, called AB
      [1, 1], // alpha
    );
    assert.deepEqual(readJxlHeader(bytes), { width: 80, height: 120, alpha: true });
  });

  test('any bytes give a header or a RangeError', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          const { width, height } = readJxlHeader(bytes);
          assert.ok(width >= 1 && height >= 1);
        } catch (error) {
          assert.ok(error instanceof RangeError, String(error));
        }
      }),
    );
  });
});

describe('container', () => {
  test('one part or several, sizes of 64 bits, and boxes nobody knows', async () => {
    const stream = await load('photo');
    const long = Buffer.concat([
      number(1),
      Buffer.from('jxlc'),
      number(0),
      number(stream.length + 16),
      stream,
    ]);
    const toTheEnd = Buffer.concat([number(0), Buffer.from('jxlc'), stream]);
    for (const boxes of [
      box('jxlc', stream),
      Buffer.concat([box('free'), box('jxlc', stream), box('xyz ', number(7))]),
      Buffer.concat([
        box('jxlp', number(0), stream.subarray(0, 3)),
        box('jxlp', number(1), stream.subarray(3, 40)),
        box('jxlp', number(0x80000002), stream.subarray(40)),
      ]),
      long,
      toTheEnd,
    ]) {
      const file = openJxl(Buffer.concat([start, boxes]));
      assert.ok(file !== null);
      assert.deepEqual(readJxlHeader(file.codestream), { width: 120, height: 80, alpha: false });
    }
    assert.equal(openJxl(start), null);
    assert.equal(openJxl(Buffer.concat([start, box('jxlc', Buffer.from('no stream'))])), null);
  });

  test('EXIF and XMP, as they are or packed; too much of it is left behind', async () => {
    const stream = box('jxlc', await load('photo'));
    const exif = Buffer.from('II*\0\x08\0\0\0\0\0', 'latin1');
    const xmp = Buffer.from('<x:xmpmeta/>');
    const plain = openJxl(Buffer.concat([start, box('Exif', number(0), exif), box('xml ', xmp), stream]));
    assert.deepEqual([plain?.exif, plain?.xmp], [exif, xmp]);
    const pack = (type: string, body: Buffer) => box('brob', Buffer.from(type), brotliCompressSync(body));
    const packed = openJxl(
      Buffer.concat([
        start,
        stream,
        pack('Exif', Buffer.concat([number(2), Buffer.alloc(2), exif])),
        pack('xml ', xmp),
      ]),
    );
    assert.deepEqual([packed?.exif, packed?.xmp], [exif, xmp]);
    const bomb = openJxl(Buffer.concat([start, stream, pack('xml ', Buffer.alloc(2 ** 26))]));
    assert.ok(bomb !== null && bomb.xmp === undefined);
    const nonsense = openJxl(Buffer.concat([start, stream, box('brob', Buffer.from('Exifxx')), box('Exif')]));
    assert.ok(nonsense !== null && nonsense.exif === undefined);
  });

  test('copyright of the EXIF is kept, its orientation is not applied again', async () => {
    const source = await sharp(fixture('photo.png'))
      .withExif({ IFD0: { Copyright: 'Jane Doe' } })
      .withMetadata({ orientation: 6 })
      .jpeg()
      .toBuffer();
    const { exif } = await sharp(source).metadata();
    const bytes = Buffer.concat([
      start,
      box('Exif', number(0), exif!.subarray(6)),
      box('jxlc', await load('photo')),
    ]);
    const result = await transform(jobOf({ of: bytes, operations: [{ op: 'auto-orient' }], format: 'jpeg' }));
    assert.deepEqual([result.width, result.height], [120, 80]);
    const kept = await sharp(result.bytes).metadata();
    assert.ok(kept.exif?.includes('Jane Doe'));
    assert.equal(kept.orientation ?? 1, 1);
  });

  test('any bytes behind the first boxes are taken apart without trouble', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 6 }), (parts) => {
        const types = ['jxlp', 'jxlc', 'Exif', 'brob', 'xml ', 'free'];
        const boxes = parts.map((part, index) => box(types[index]!, part));
        openJxl(Buffer.concat([start, ...boxes]));
        openJxl(Buffer.concat([start, ...parts]));
      }),
    );
  });
});

describe('decoding', () => {
  test('both forms show the picture', async () => {
    const photo = fixture('photo.png');
    for (const name of ['photo.jxl', 'box.jxl'])
      assert.ok((await perceptualDistance(await pngOf(name), photo)) < 2, name);
  });

  test('upright, whatever its orientation', async () => {
    assert.ok((await perceptualDistance(await pngOf('orientation-6.jxl'), fixture('photo.png'))) < 3);
  });

  test('alpha is kept; a picture without any has three channels', async () => {
    const clear = await pngOf('alpha.jxl');
    assert.deepEqual(await sharp(clear).raw().toBuffer(), await sharp(fixture('alpha.png')).raw().toBuffer());
    assert.equal((await sharp(await pngOf('photo.jxl')).metadata()).hasAlpha, false);
  });

  test('wide colours become sRGB, 16 bits become 8', async () => {
    const wide = await pngOf('p3.jxl');
    for (const { x, y, colour } of patches)
      assert.ok(isNear(await colourAt(wide, { x, y }), colour, 3), `at ${x} ${y}`);
    assert.ok((await perceptualDistance(await pngOf('grey16.jxl'), fixture('grey16.png'))) < 2);
  });

  test('of an animation the first frame', async () => {
    const first = await sharp(fixture('animated.gif')).png().toBuffer();
    const last = await sharp(fixture('animated.gif'), { page: 3 }).png().toBuffer();
    const shown = await pngOf('animated.jxl');
    assert.ok((await perceptualDistance(shown, first)) < 2);
    assert.ok((await perceptualDistance(shown, last)) > 10);
  });

  test('damage is an error of the catalogue', async () => {
    for (const name of ['photo', 'alpha']) {
      const bytes = await load(name);
      const damage = fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), {
        minLength: 1,
        maxLength: 4,
      });
      await fc.assert(
        fc.asyncProperty(damage, async (changes) => {
          const damaged = Buffer.from(bytes);
          for (const [at, value] of changes) damaged[at] = value;
          await pngOf(damaged).catch((error: unknown) => {
            assert.ok(error instanceof PictorError, String(error));
            assert.match(error.code, /^IMAGE_/, error.detail);
          });
        }),
        // A thread each.
        { numRuns: 12 },
      );
    }
  });
});

test('lossless gives the very pixels back; effort and quality count', async () => {
  const encode = (encoder: Readonly<Record<string, number | boolean>>, quality = 77) =>
    transform(jobOf({ of: 'alpha.png', format: 'jxl', output: { quality, encoder: { jxl: encoder } } }));
  const { bytes } = await encode({ lossless: true });
  assert.deepEqual(
    await sharp(await pngOf(bytes))
      .raw()
      .toBuffer(),
    await sharp(fixture('alpha.png')).raw().toBuffer(),
  );
  const sizes = [await encode({}, 20), await encode({}, 95)].map((result) => result.bytes.length);
  assert.ok(sizes[0]! < sizes[1]!);
  assert.notDeepEqual((await encode({ effort: 1 })).bytes, (await encode({ effort: 5 })).bytes);
});
