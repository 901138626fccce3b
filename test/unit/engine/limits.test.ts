import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import fc from 'fast-check';
import { PictorError } from '../../../src/core/errors.ts';
import { inspect } from '../../../src/engine/job/run-work.ts';
import { transform } from '../../../src/engine/job/transform.ts';
import { defaultLimits, fixture, jobOf } from '../../support/engine-jobs.ts';

const run = (of: string | Uint8Array) =>
  transform(jobOf({ of, operations: [{ op: 'resize', width: 50 }], format: 'png' }));

test('bombs are refused by their header', async (t) => {
  const before = process.memoryUsage.rss();
  for (const name of [
    'bomb.png',
    'bomb.gif',
    'bomb-frames.gif',
    'bomb.bmp',
    'bomb.webp',
    'bomb.jpg',
    'bomb.tiff',
    'bomb.avif',
    'bomb.jxl',
    'bomb.ico',
    'forged.heic',
  ]) {
    await t.test(name, async () => {
      const animated = { of: name, operations: [], format: 'gif' };
      await assert.rejects(transform(jobOf(animated)), { code: 'IMAGE_TOO_LARGE' });
    });
  }
  // The smallest of them is a gigabyte of pixels.
  assert.ok(process.memoryUsage.rss() - before < 500e6);
});

test('a vector of any size is drawn within the bounds', async () => {
  const { width, height } = await run('bomb.svg');
  assert.deepEqual([width, height], [50, 50]);
  const own = await transform(
    jobOf({ of: 'bomb.svg', format: 'png', limits: { maxPixels: 10_000, maxSide: 200 } }),
  );
  assert.deepEqual([own.width, own.height], [100, 100]);
});

test('each bound acts', async (t) => {
  const spec = { of: 'photo.jpg', format: 'png' } as const;
  for (const limits of [{ maxPixels: 480 * 320 - 1 }, { maxSide: 479 }]) {
    await t.test(JSON.stringify(limits), async () => {
      await assert.rejects(transform(jobOf({ ...spec, limits })), { code: 'IMAGE_TOO_LARGE' });
      const input = { path: fixture('photo.jpg') };
      await assert.rejects(inspect({ input, limits: { ...defaultLimits, ...limits } }), {
        code: 'IMAGE_TOO_LARGE',
      });
    });
  }
  const frames = { of: 'animated.gif', format: 'gif', limits: { maxFramePixels: 60 * 40 * 4 - 1 } } as const;
  await assert.rejects(transform(jobOf(frames)), { code: 'IMAGE_TOO_LARGE' });
  await transform(jobOf({ ...frames, limits: { maxFramePixels: 60 * 40 * 4 } }));
});

test('what is broken is refused, not shown in part', async (t) => {
  for (const name of [
    'truncated.jpg',
    'truncated.png',
    'corrupt.png',
    'truncated.webp',
    'truncated.gif',
    'truncated.avif',
  ]) {
    await t.test(name, () => assert.rejects(run(name), { code: 'IMAGE_BROKEN' }));
  }
  for (const [name, share] of [
    ['photo.heic', 0.7],
    ['24.bmp', 0.7],
    ['rle8.bmp', 0.7],
    ['photo.tiff', 0.7],
    ['photo.jxl', 0.7],
    ['box.jxl', 0.7],
    ['24.ico', 0.4],
    ['png.ico', 0.7],
  ] as const) {
    await t.test(`${name}, cut off`, async () => {
      const bytes = await readFile(fixture(name));
      await assert.rejects(run(bytes.subarray(0, bytes.length * share)), { code: 'IMAGE_BROKEN' });
    });
  }
});

/** First bytes of formats that libvips builds can have loaders for, and of others. */
const foreign: Readonly<Record<string, string>> = {
  pdf: '%PDF-1.4\n%\xe2\xe3\xcf\xd3\n1 0 obj <</Type /Catalog>> endobj',
  jp2: '\0\0\0\x0cjP  \x0d\x0a\x87\x0a\0\0\0\x14ftypjp2 \0\0\0\0jp2 ',
  fits: `SIMPLE  =                    T`.padEnd(2880),
  'vips big': '\xb6\xa6\xf2\x08' + '\0'.repeat(80),
  'vips little': '\x08\xf2\xa6\xb6' + '\0'.repeat(80),
  ppm: 'P6 2 2 255\n0123456789ab',
  pfm: 'PF\n2 2\n-1.0\n' + '\0'.repeat(48),
  csv: '1,2,3\n4,5,6\n',
  matrix: '3 3 9 0\n1 1 1\n1 1 1\n1 1 1\n',
  matlab: 'MATLAB 5.0 MAT-file, Platform: GLNXA64'.padEnd(124) + '\0\x01IM',
  hdr: '#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n\n-Y 1 +X 1\n\0\0\0\0',
  exr: 'v/1\x01\x02\0\0\0channels\0chlist\0',
  psd: '8BPS\0\x01\0\0\0\0\0\0\0\x03\0\0\0\x01\0\0\0\x01\0\x08\0\x03',
  mvg: "push graphic-context\nviewbox 0 0 640 480\nfill 'url(https://127.0.0.1/x)'\npop graphic-context",
  msl: '<?xml version="1.0"?><image><read filename="caption:x"/></image>',
  html: '<!doctype html><html><body><svg></svg><script>alert(1)</script></body></html>',
  xml: '<?xml version="1.0"?><rss><svg/></rss>',
  'compressed svg': '\x1f\x8b\x08\0\0\0\0\0\0\x03\xb3)./\xb7\x03\0',
  text: 'hello',
  zip: 'PK\x03\x04\x14\0\0\0\x08\0',
};

test('formats pictor does not name are refused, by path and by bytes', async (t) => {
  for (const [name, text] of Object.entries(foreign)) {
    await t.test(name, async () => {
      const bytes = Buffer.from(text, 'latin1');
      await assert.rejects(run(bytes), { code: 'IMAGE_UNKNOWN' });
      await assert.rejects(inspect({ input: { bytes }, limits: defaultLimits }), { code: 'IMAGE_UNKNOWN' });
    });
  }
  await assert.rejects(run(Buffer.alloc(0)), { code: 'IMAGE_UNKNOWN' });
  await assert.rejects(run('adobe-rgb.icc'), { code: 'IMAGE_UNKNOWN' });
  await assert.rejects(run('nowhere.jpg'), { code: 'STORE_FAILED' });
});

test('libvips itself refuses their loaders, whatever the bytes pretend', async () => {
  const { default: sharp } = await import('sharp');
  for (const name of ['ppm', 'csv', 'vips little', 'fits', 'matlab', 'pdf', 'hdr']) {
    await assert.rejects(
      sharp(Buffer.from(foreign[name]!, 'latin1')).metadata(),
      /unsupported image format/,
      name,
    );
  }
});

test('damaged originals give errors of the catalogue, whatever is damaged', async (t) => {
  for (const name of [
    'photo.png',
    'exif.jpg',
    'photo.webp',
    'animated.gif',
    'photo.avif',
    'rle8.bmp',
    '32-alpha.bmp',
    'photo.tiff',
    'p3.png',
    'sizes.ico',
    '8.ico',
  ]) {
    await t.test(name, async () => {
      const bytes = await readFile(fixture(name));
      const damage = fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), {
        minLength: 1,
        maxLength: 8,
      });
      await fc.assert(
        fc.asyncProperty(damage, fc.nat(bytes.length), async (changes, length) => {
          const damaged = Buffer.from(bytes.subarray(0, length % 3 === 0 ? length : bytes.length));
          for (const [at, value] of changes) if (at < damaged.length) damaged[at] = value;
          await run(damaged).then(
            () => {},
            (error: unknown) => {
              assert.ok(error instanceof PictorError, String(error));
              assert.match(error.code, /^(IMAGE_|OPERATION_IMPOSSIBLE)/, `${error.code} ${error.detail}`);
            },
          );
        }),
        { numRuns: 60 },
      );
    });
  }
});
