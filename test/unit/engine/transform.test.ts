import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import sharp from 'sharp';
import { inspect } from '../../../src/engine/job/run-work.ts';
import { transform } from '../../../src/engine/job/transform.ts';
import type { Operation } from '../../../src/operations/index.gen.ts';
import { defaultLimits, fixture, isNear, type JobSpec, jobOf, patches } from '../../support/engine-jobs.ts';
import { colourAt, perceptualDistance } from '../../support/perceptual.ts';

const run = (spec: JobSpec) => transform(jobOf(spec));
const upright: Operation = { op: 'auto-orient' };
/** The same picture at other sizes and qualities: its grain differs. Its mirror image is at 18. */
const alike = 6;
const halved: Operation = { op: 'resize', width: 60, height: 40 };

test('every readable format becomes the same picture', async (t) => {
  for (const name of [
    'photo.jpg',
    'photo-progressive.jpg',
    'photo.png',
    'photo.webp',
    'photo.avif',
    'photo.tiff',
    'photo.heic',
  ]) {
    await t.test(name, async () => {
      const result = await run({ of: name, operations: [halved], format: 'png' });
      assert.deepEqual([result.width, result.height, result.frames], [60, 40, 1]);
      assert.ok((await perceptualDistance(result.bytes, fixture('photo.png'))) < alike);
    });
  }
});

test('every writable format can be read back as the same picture', async (t) => {
  for (const [format, mediaType] of [
    ['jpeg', 'image/jpeg'],
    ['png', 'image/png'],
    ['webp', 'image/webp'],
    ['avif', 'image/avif'],
    ['gif', 'image/gif'],
    ['tiff', 'image/tiff'],
  ] as const) {
    await t.test(format, async () => {
      const result = await run({ of: 'photo.jpg', operations: [halved], format });
      const metadata = await sharp(result.bytes).metadata();
      assert.deepEqual(
        [result.format, result.mediaType, metadata.width, metadata.height],
        [format, mediaType, 60, 40],
      );
      assert.equal(metadata.format, format === 'avif' ? 'heif' : format);
      assert.ok((await perceptualDistance(result.bytes, fixture('photo.jpg'))) < alike);
    });
  }
});

test('bytes and paths give the same result', async () => {
  const bytes = await readFile(fixture('photo.jpg'));
  const fromPath = await run({ of: 'photo.jpg', operations: [halved] });
  const fromBytes = await run({ of: bytes, operations: [halved] });
  assert.deepEqual(fromBytes.bytes, fromPath.bytes);
});

test('the facts of the original come with the result', async () => {
  const { source } = await run({ of: 'orientation-6.jpg', operations: [upright] });
  assert.deepEqual([source.format, source.width, source.height, source.orientation], ['jpeg', 80, 120, 6]);
  const png = await inspect({ input: { path: fixture('depth16.png') }, limits: defaultLimits });
  assert.deepEqual([png.format, png.space, png.bits, png.hasAlpha], ['png', 'rgb16', 16, false]);
});

test('all eight EXIF orientations look alike, and carry no orientation any more', async (t) => {
  for (const orientation of [1, 2, 3, 4, 5, 6, 7, 8]) {
    for (const operations of [
      [upright],
      [upright, halved],
      [upright, { op: 'crop', width: 60, height: 80 } as const, halved],
    ]) {
      await t.test(`${orientation}, ${operations.length} operations`, async () => {
        const of = `orientation-${orientation}.jpg`;
        const turned = await run({ of, operations, format: 'png' });
        const expected = await run({ of: 'orientation-1.jpg', operations, format: 'png' });
        assert.deepEqual([turned.width, turned.height], [expected.width, expected.height]);
        assert.ok((await perceptualDistance(turned.bytes, expected.bytes)) < 1.5);
        assert.ok(((await sharp(turned.bytes).metadata()).orientation ?? 1) === 1);
      });
    }
  }
});

test('without auto-orient a picture stays as it is stored', async () => {
  const result = await run({ of: 'orientation-6.jpg' });
  assert.deepEqual([result.width, result.height], [80, 120]);
});

test('colours become sRGB', async (t) => {
  // Within 3 of the reference: chroma of 8-bit JPEG and rounding of profiles. Generic ink colours are rougher.
  for (const [name, distance] of [
    ['srgb.png', 1],
    ['p3.png', 2],
    ['p3-16bit.png', 2],
    ['adobe-rgb.jpg', 3],
    ['p3.heic', 6],
    ['lab.tiff', 1],
    ['cmyk.jpg', 16],
  ] as const) {
    for (const operations of [[], [{ op: 'blur', sigma: 0.4 }, halved]] as const) {
      await t.test(`${name}, ${operations.length} operations`, async () => {
        const result = await run({ of: name, operations, format: 'png' });
        const metadata = await sharp(result.bytes).metadata();
        assert.deepEqual([metadata.hasProfile, metadata.depth], [false, 'uchar']);
        for (const { colour, ...at } of patches) {
          const shown = await colourAt(result.bytes, at);
          assert.ok(isNear(shown, colour, distance), `${shown.join()} is not ${colour.join()}`);
        }
      });
    }
  }
});

test('the profile of a CMYK picture is believed', async () => {
  // Its profile swaps cyan and magenta: the red patch is green to whoever uses it.
  const [red, green] = await colourAt(
    (await run({ of: 'cmyk-profile.jpg', format: 'png' })).bytes,
    patches[0]!,
  );
  assert.ok(green! > red! + 40);
  const kept = await run({ of: 'cmyk-profile.jpg', format: 'jpeg', output: { profile: 'keep' } });
  const metadata = await sharp(kept.bytes).metadata();
  assert.deepEqual([metadata.space, metadata.hasProfile], ['srgb', false]);
});

test('a kept profile leaves the pixels alone and goes along', async (t) => {
  for (const name of ['p3.png', 'adobe-rgb.jpg', 'p3-16bit.png', 'p3.heic']) {
    for (const operations of [[], [halved, { op: 'blur', sigma: 0.4 }, halved]] as const) {
      await t.test(`${name}, ${operations.length} operations`, async () => {
        const result = await run({ of: name, operations, format: 'png', output: { profile: 'keep' } });
        const [before, after] = await Promise.all([
          sharp(fixture(name)).metadata(),
          sharp(result.bytes).metadata(),
        ]);
        assert.deepEqual(after.icc, before.icc);
        for (const { colour, ...at } of patches) {
          const shown = await colourAt(result.bytes, at);
          assert.ok(isNear(shown, colour, 6), `${shown.join()} is not ${colour.join()}`);
        }
      });
    }
  }
});

test('grey stays grey where the format can and nothing coloured is added', async (t) => {
  const channels = async (spec: JobSpec) => (await sharp((await run(spec)).bytes).metadata()).channels;
  for (const name of ['grey.jpg', 'grey.png', 'grey16.png']) {
    await t.test(name, async () => {
      assert.equal(await channels({ of: name, operations: [halved], format: 'jpeg' }), 1);
      assert.equal(
        await channels({ of: name, operations: [halved, { op: 'blur', sigma: 1 }, halved], format: 'png' }),
        1,
      );
      assert.equal(await channels({ of: name, operations: [halved], format: 'webp' }), 3);
    });
  }
  assert.equal(await channels({ of: 'grey-alpha.png', operations: [halved], format: 'png' }), 2);
  const padding = { op: 'padding', left: 10 } as const;
  const onRed: Operation[] = [halved, padding, { op: 'background', colour: { r: 255, g: 0, b: 0 } }];
  const { bytes } = await run({ of: 'grey.png', operations: onRed, format: 'png' });
  assert.deepEqual((await colourAt(bytes, { x: 0.02, y: 0.5 })).slice(0, 3), [255, 0, 0]);
});

test('16 bits become 8, unless the request keeps them', async () => {
  const depth = async (spec: JobSpec) => (await sharp((await run(spec)).bytes).metadata()).depth;
  assert.equal(await depth({ of: 'depth16.png', operations: [halved], format: 'png' }), 'uchar');
  assert.equal(
    await depth({ of: 'depth16.png', operations: [halved], format: 'png', output: { highDepth: true } }),
    'ushort',
  );
  const passes: Operation[] = [halved, { op: 'blur', sigma: 1 }, { op: 'resize', width: 30 }];
  const deep = await run({
    of: 'depth16.png',
    operations: passes,
    format: 'png',
    output: { highDepth: true },
  });
  assert.equal((await sharp(deep.bytes).metadata()).depth, 'ushort');
  assert.ok((await perceptualDistance(deep.bytes, fixture('photo.png'))) < alike);
});

test('metadata is left out, but for copyright and artist', async (t) => {
  for (const format of ['jpeg', 'png', 'webp', 'avif', 'tiff']) {
    await t.test(format, async () => {
      const { bytes } = await run({ of: 'exif.jpg', format });
      const { exif, xmp } = await sharp(bytes).metadata();
      // Nothing of the XMP of the original, and in TIFF all there is.
      const text = Buffer.from((format === 'tiff' ? xmp : exif) ?? []).toString();
      assert.equal(format === 'tiff' ? exif : xmp, undefined);
      assert.match(text, /Jane Doe/);
      assert.match(text, /John Roe/);
      assert.doesNotMatch(text, /secret place|Pictor/);
    });
  }
  const bare = await run({ of: 'exif.jpg', format: 'jpeg', output: { copyright: false } });
  assert.equal((await sharp(bare.bytes).metadata()).exif, undefined);
  const without = await run({ of: 'photo.jpg', format: 'jpeg' });
  assert.equal((await sharp(without.bytes).metadata()).exif, undefined);
});

test('kept metadata has the orientation the pixels now have', async (t) => {
  const output = { metadata: 'keep' } as const;
  for (const operations of [
    [upright, halved],
    [upright, halved, { op: 'blur', sigma: 0.5 }, halved],
  ] as const) {
    await t.test(`${operations.length} operations`, async () => {
      const { bytes } = await run({ of: 'exif.jpg', operations, format: 'jpeg', output });
      const { exif, xmp } = await sharp(bytes).metadata();
      assert.match(Buffer.from(exif ?? []).toString(), /secret place/);
      assert.match(Buffer.from(xmp ?? []).toString(), /xmpmeta/);
      const turned = await run({ of: 'orientation-6.jpg', operations, format: 'jpeg', output });
      assert.equal((await sharp(turned.bytes).metadata()).orientation, 1);
      assert.ok((await perceptualDistance(turned.bytes, fixture('photo.png'))) < alike);
    });
  }
  const left = await run({ of: 'orientation-6.jpg', operations: [], format: 'jpeg', output });
  assert.equal((await sharp(left.bytes).metadata()).orientation, 6);
});

test('HEIC: alpha is kept, pixels are decoded once and upright', async () => {
  const { bytes, source } = await run({ of: 'alpha.heic', operations: [halved], format: 'png' });
  assert.deepEqual([source.format, source.hasAlpha, source.orientation], ['heic', true, 1]);
  assert.equal((await colourAt(bytes, { x: 0.02, y: 0.05 }))[3]! < 20, true);
  assert.ok((await perceptualDistance(bytes, fixture('alpha.png'))) < alike);
});

test('HEIC: the rotation of the container is applied once', async () => {
  const left = await sharp(fixture('photo.png')).rotate(270).png().toBuffer();
  for (const operations of [[], [upright]] as const) {
    const { bytes, width, height } = await run({ of: 'rotated.heic', operations, format: 'png' });
    assert.deepEqual([width, height], [80, 120]);
    assert.ok((await perceptualDistance(bytes, left)) < alike);
  }
});

test('SVG is drawn at the size that is wanted, not enlarged', async () => {
  const svg =
    '<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10"><rect x="5" width="5" height="10"/></svg>';
  for (const operations of [
    [{ op: 'resize', width: 400, height: 400 }],
    [
      { op: 'crop', area: { left: 3, top: 0, width: 4, height: 4 } },
      { op: 'resize', width: 400, height: 400 },
    ],
  ] as const) {
    const { bytes, width, source } = await run({ of: Buffer.from(svg), operations, format: 'png' });
    assert.deepEqual([width, source.vector, source.width], [400, true, 10]);
    assert.equal((await colourAt(bytes, { x: 0.494, y: 0.5 }))[3], 0);
    assert.equal((await colourAt(bytes, { x: 0.506, y: 0.5 }))[3], 255);
  }
});

test('SVG reaches no file and no other document', async () => {
  const centre = async (href: string) => {
    const svg = `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="120" height="80"><image xlink:href="${href}" width="120" height="80"/></svg>`;
    const { bytes } = await run({ of: Buffer.from(svg), format: 'png' });
    return colourAt(bytes, { x: 0.5, y: 0.5 });
  };
  const inside = `data:image/png;base64,${(await readFile(fixture('photo.png'))).toString('base64')}`;
  assert.equal((await centre(inside))[3], 255);
  for (const href of [
    `file://${fixture('photo.png')}`,
    fixture('photo.png'),
    'photo.png',
    'http://127.0.0.1:9/photo.png',
  ]) {
    assert.deepEqual(await centre(href), [0, 0, 0, 0], href);
  }
});

test('a trim measures, then plans with the answer', async (t) => {
  const content = { left: 30, top: 20, width: 50, height: 40 };
  const inner = await sharp({ create: { width: 50, height: 40, channels: 3, background: 'teal' } })
    .png()
    .toBuffer();
  const framed = (background: string) =>
    sharp({ create: { width: 120, height: 80, channels: 4, background } })
      .composite([{ input: inner, left: content.left, top: content.top }])
      .png()
      .toBuffer();
  const sizeOf = async (of: Uint8Array, trim: Omit<Extract<Operation, { op: 'trim' }>, 'op'>) => {
    const { width, height } = await run({ of, operations: [{ op: 'trim', ...trim }], format: 'png' });
    return [width, height];
  };
  const white = await framed('white');
  const clear = await framed('#00000000');
  await t.test('border of the top left pixel', async () =>
    assert.deepEqual(await sizeOf(white, { threshold: 10 }), [50, 40]),
  );
  await t.test('transparent border', async () =>
    assert.deepEqual(await sizeOf(clear, { threshold: 10 }), [50, 40]),
  );
  await t.test('another colour: nothing to trim', async () =>
    assert.deepEqual(await sizeOf(white, { threshold: 10, colour: { r: 255, g: 0, b: 0 } }), [120, 80]),
  );
  await t.test('transparency as a colour', async () =>
    assert.deepEqual(await sizeOf(clear, { threshold: 10, colour: { r: 255, g: 0, b: 255 } }), [50, 40]),
  );
  await t.test('equal on both sides', async () =>
    assert.deepEqual(
      await sizeOf(white, { threshold: 10, equalHorizontal: true, equalVertical: true }),
      [60, 40],
    ),
  );
  await t.test('all border', async () => {
    const blank = await sharp({ create: { width: 30, height: 20, channels: 3, background: 'white' } })
      .png()
      .toBuffer();
    assert.deepEqual(await sizeOf(blank, { threshold: 10 }), [30, 20]);
  });
});

test('a smart crop finds what stands out, whether or not the window reaches the edges', async () => {
  const disc = Buffer.from(
    '<svg width="60" height="60"><circle cx="30" cy="30" r="28" fill="#e8a07a"/></svg>',
  );
  const scene = await sharp({ create: { width: 600, height: 400, channels: 3, background: '#667' } })
    .composite([{ input: disc, left: 500, top: 30 }])
    .png()
    .toBuffer();
  for (const operations of [
    [{ op: 'crop', width: 120, height: 120, gravity: { type: 'smart', strategy: 'attention' } }],
    [
      {
        op: 'resize',
        type: 'fill',
        width: 100,
        height: 200,
        gravity: { type: 'smart', strategy: 'attention' },
      },
    ],
  ] as const) {
    const { bytes } = await run({ of: scene, operations, format: 'png' });
    const { dominant } = await sharp(bytes).stats();
    const discShare = await sharp(bytes).threshold(160).stats();
    assert.ok(discShare.channels[0]!.mean > 5, JSON.stringify(dominant));
  }
});

test('a watermark lies where it is placed, on one picture and on every frame', async () => {
  const red = await sharp({ create: { width: 10, height: 10, channels: 3, background: 'red' } })
    .png()
    .toBuffer();
  const watermark: Operation = {
    op: 'watermark',
    source: 'test:mark',
    gravity: { type: 'compass', at: 'south-east' },
  };
  const marks = { 'test:mark': { bytes: red } };
  const still = await run({ of: 'photo.jpg', operations: [halved, watermark], format: 'png', marks });
  assert.deepEqual((await colourAt(still.bytes, { x: 0.95, y: 0.95 })).slice(0, 3), [255, 0, 0]);
  const animated = await run({
    of: 'animated.webp',
    operations: [watermark],
    format: 'webp',
    output: { encoder: { webp: { lossless: true } } },
    marks,
  });
  for (let page = 0; page < 4; page += 1) {
    const frame = await sharp(animated.bytes, { page }).png().toBuffer();
    assert.deepEqual((await colourAt(frame, { x: 0.95, y: 0.95 })).slice(0, 3), [255, 0, 0], `frame ${page}`);
    assert.notDeepEqual(
      (await colourAt(frame, { x: 0.05, y: 0.05 })).slice(0, 3),
      [255, 0, 0],
      `frame ${page}`,
    );
  }
});

test('a watermark is a guarded source, too', async () => {
  const operations: Operation[] = [{ op: 'watermark', source: 'test:mark' }];
  const withMark = (name: string) =>
    run({ of: 'photo.jpg', operations, marks: { 'test:mark': { path: fixture(name) } } });
  await assert.rejects(withMark('bomb.png'), { code: 'IMAGE_TOO_LARGE' });
  await assert.rejects(withMark('truncated.png'), { code: 'IMAGE_BROKEN' });
  await assert.rejects(withMark('adobe-rgb.icc'), { code: 'IMAGE_UNKNOWN' });
});
