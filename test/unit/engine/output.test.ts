/** What the output of a request asks for beyond its pixels. */
import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { describe, test } from 'node:test';
import sharp from 'sharp';
import { PictorError } from '../../../src/core/errors.ts';
import { setUpSharp } from '../../../src/engine/job/sharp-process.ts';
import { transform } from '../../../src/engine/job/transform.ts';
import type { RequestLimits } from '../../../src/request/image-request.ts';
import { fixture, type JobSpec, jobOf } from '../../support/engine-jobs.ts';
import { colourAt, perceptualDistance } from '../../support/perceptual.ts';

setUpSharp();

const run = (spec: JobSpec) => transform(jobOf(spec));
const fails = (code: string, work: Promise<unknown>) =>
  assert.rejects(work, (error) => error instanceof PictorError && error.code === code);

/** Noise, which no encoder can make small. */
async function noise(width: number, height: number): Promise<Buffer> {
  let seed = 1;
  const data = Buffer.from(
    Array.from({ length: width * height * 3 }, () => {
      seed = (seed * 1103515245 + 12345) % 2 ** 31;
      return seed >> 16;
    }),
  );
  return sharp(data, { raw: { width, height, channels: 3 } })
    .png()
    .toBuffer();
}

describe('a byte budget', () => {
  test('lowers the quality until the result fits', async () => {
    const of = await noise(100, 100);
    for (const format of ['jpeg', 'webp', 'avif']) {
      const free = (await run({ of, format })).bytes.length;
      for (const share of [0.9, 0.6]) {
        const maxBytes = Math.round(free * share);
        const { bytes, width } = await run({ of, format, output: { maxBytes } });
        assert.ok(bytes.length <= maxBytes, `${format} ${share}: ${bytes.length} of ${free}`);
        assert.equal(width, 100);
      }
    }
  });

  test('steps down from the quality asked for, and ends when nothing is to be gained', async () => {
    const of = await noise(60, 60);
    const at = async (quality: number) => (await run({ of, format: 'jpeg', output: { quality } })).bytes;
    const { bytes } = await run({ of, format: 'jpeg', output: { quality: 80, maxBytes: 1 } });
    assert.deepEqual(bytes, await at(5), '80, 20, 5');
    const gentle = (await at(80)).length - 1;
    const once = await run({ of, format: 'jpeg', output: { quality: 80, maxBytes: gentle } });
    assert.deepEqual(once.bytes, await at(60));
  });

  test('counts for animations and after several passes', async () => {
    const operations = [
      { op: 'resize', width: 60, height: 40 },
      { op: 'blur', sigma: 1 },
      { op: 'resize', width: 40 },
    ] as const;
    for (const name of ['animated.gif', 'photo.jpg']) {
      const free = await run({ of: name, operations, format: 'webp', output: { quality: 95 } });
      const maxBytes = Math.round(free.bytes.length * 0.7);
      const fitted = await run({ of: name, operations, format: 'webp', output: { quality: 95, maxBytes } });
      assert.ok(fitted.bytes.length <= maxBytes);
      assert.deepEqual([fitted.frames, fitted.width, fitted.height], [free.frames, free.width, free.height]);
    }
  });

  test('leaves formats without a quality alone', async () => {
    const of = await noise(50, 50);
    assert.deepEqual(
      (await run({ of, format: 'png', output: { maxBytes: 10 } })).bytes,
      (await run({ of, format: 'png' })).bytes,
    );
  });
});

describe('what formats can hold', () => {
  test('AVIF has at least 16 pixels a side: less is PNG with transparency, JPEG without', async () => {
    const small = { op: 'resize', width: 60, height: 15, type: 'force' } as const;
    const formatOf = async (of: string) => {
      const { format, mediaType, bytes } = await run({ of, operations: [small], format: 'avif' });
      assert.equal((await sharp(bytes).metadata()).format, format);
      return `${format} ${mediaType}`;
    };
    assert.equal(await formatOf('photo.png'), 'jpeg image/jpeg');
    assert.equal(await formatOf('alpha.png'), 'png image/png');
    const least = await run({ of: 'photo.png', operations: [{ ...small, height: 16 }], format: 'avif' });
    assert.equal(least.format, 'avif');
  });

  test('results too large for the format shrink to it, padding included, the mark laid after', async () => {
    const of = await sharp({ create: { width: 600, height: 300, channels: 3, background: 'white' } })
      .png()
      .toBuffer();
    const mark = await sharp({ create: { width: 16, height: 16, channels: 3, background: 'red' } })
      .png()
      .toBuffer();
    const { bytes, width, height } = await run({
      of,
      operations: [
        { op: 'padding', left: 100, right: 100 },
        { op: 'watermark', source: 'test:mark', gravity: { type: 'compass', at: 'north-west' } },
      ],
      format: 'ico',
      marks: { 'test:mark': { bytes: mark } },
    });
    assert.deepEqual([width, height], [256, 96]);
    const png = bytes.subarray(22);
    const red = async (x: number) => (await colourAt(png, { x: (x + 0.5) / 256, y: 0.1 }))[0]! > 200;
    const green = async (x: number) => (await colourAt(png, { x: (x + 0.5) / 256, y: 0.1 }))[1]! > 100;
    assert.deepEqual([await red(15), await green(15), await red(17)], [true, false, false]);
  });

  test('a PNG made of a palette stays one; its depth where its colours stay', async () => {
    const of = await sharp(fixture('photo.png')).png({ palette: true, colours: 4 }).toBuffer();
    const facts = async (spec: Omit<JobSpec, 'of'>) => {
      const { isPalette, bitsPerSample } = await sharp(
        (await run({ of, format: 'png', ...spec })).bytes,
      ).metadata();
      return [isPalette, bitsPerSample];
    };
    assert.deepEqual(await facts({}), [true, 2]);
    assert.deepEqual(await facts({ operations: [{ op: 'resize', width: 40 }] }), [true, 8]);
    assert.deepEqual(await facts({ output: { encoder: { png: { palette: false } } } }), [false, 8]);
    const { bytes } = await run({ of: 'photo.png', format: 'png' });
    assert.equal((await sharp(bytes).metadata()).isPalette, false);
  });

  test('resolution goes with the metadata', async () => {
    const of = await sharp(fixture('photo.png')).withMetadata({ density: 300 }).jpeg().toBuffer();
    for (const format of ['jpeg', 'png', 'tiff']) {
      assert.equal((await sharp((await run({ of, format })).bytes).metadata()).density, 72, format);
      if (format === 'tiff') continue;
      const kept = await run({ of, format, output: { metadata: 'keep' } });
      assert.equal((await sharp(kept.bytes).metadata()).density, 300, format);
    }
  });

  test('16 bits are kept by PNG, TIFF and AVIF when they are wanted, and by no other', async () => {
    const bits = async (format: string) => {
      const { bytes } = await run({ of: 'depth16.png', format, output: { highDepth: true } });
      return (await sharp(bytes).metadata()).bitsPerSample ?? 8;
    };
    assert.deepEqual(await Promise.all(['png', 'tiff', 'avif', 'jpeg'].map(bits)), [16, 16, 10, 8]);
  });
});

describe('untouched originals', () => {
  const bytesOf = (name: string) => readFile(fixture(name));

  test('come as they are when no other format is asked for', async () => {
    for (const format of [undefined, 'png']) {
      const result = await run({
        of: 'photo.png',
        operations: [{ op: 'resize', width: 10 }],
        ...(format === undefined ? {} : { format }),
        output: { untouched: ['gif', 'png'] },
      });
      assert.deepEqual(Buffer.from(result.bytes), await bytesOf('photo.png'));
      assert.deepEqual([result.format, result.mediaType, result.width], ['png', 'image/png', 120]);
    }
    const other = await run({ of: 'photo.png', format: 'jpeg', output: { untouched: ['png'] } });
    assert.equal(other.format, 'jpeg');
    const not = await run({ of: 'photo.jpg', format: 'png', output: { untouched: ['png'] } });
    assert.equal((await sharp(not.bytes).metadata()).format, 'png');
  });

  test('pass the limits first', async () => {
    const output = { untouched: ['png', 'gif'] };
    await fails('IMAGE_TOO_LARGE', run({ of: 'photo.png', output, limits: { maxPixels: 100 } }));
    await fails('IMAGE_TOO_LARGE', run({ of: 'animated.gif', output, limits: { maxFramePixels: 100 } }));
  });

  const svg =
    '<svg xmlns="http://www.w3.org/2000/svg" width="10" height="5" onload="a()"><script>1</script></svg>';
  const cleaned = '<svg xmlns="http://www.w3.org/2000/svg" width="10" height="5"/>';
  const text = ({ bytes }: { bytes: Uint8Array }) => Buffer.from(bytes).toString();

  test('SVG asked for is SVG handed over, without its scripts', async () => {
    const of = Buffer.from(svg);
    const exact = await run({ of, format: 'svg' });
    assert.equal(text(exact).replace('></svg>', '/>'), cleaned);
    assert.deepEqual([exact.mediaType, exact.width, exact.height], ['image/svg+xml', 10, 5]);
    assert.deepEqual(text(await run({ of, output: { untouched: ['svg'] } })), text(exact));
    assert.equal(text(await run({ of, format: 'svg', output: { svgScripts: 'keep' } })), svg);
    const commented = `<!-- ${'x'.repeat(2000)} -->${svg}`;
    const kept = await run({ of: Buffer.from(commented), format: 'svg', output: { svgScripts: 'keep' } });
    assert.equal(text(kept), commented);
  });

  test('SVG is drawn when another format is asked for, and none is made of pixels', async () => {
    const drawn = await run({ of: Buffer.from(svg), format: 'png', output: { untouched: ['svg'] } });
    assert.equal((await sharp(drawn.bytes).metadata()).format, 'png');
    await fails('FORMAT_UNSUPPORTED', run({ of: 'photo.png', format: 'svg' }));
  });

  test('SVG that browsers would not read is refused', async () => {
    await fails('IMAGE_BROKEN', run({ of: Buffer.from(`${svg}<p>`), format: 'svg' }));
  });
});

test('lengths in an SVG are those of CSS: 96 pixels an inch, in the drawing too', async () => {
  const of = Buffer.from(
    '<svg xmlns="http://www.w3.org/2000/svg" width="1in" height="72pt"><rect width="0.5in" height="1in"/></svg>',
  );
  for (const operations of [
    [],
    [{ op: 'crop', width: 60, gravity: { type: 'compass', at: 'west' } }],
  ] as const) {
    const { bytes, width, height } = await run({ of, operations, format: 'png' });
    assert.deepEqual([width, height], [operations.length === 0 ? 96 : 60, 96]);
    assert.deepEqual(
      [
        (await colourAt(bytes, { x: 47 / width, y: 0.5 }))[3],
        (await colourAt(bytes, { x: 49 / width, y: 0.5 }))[3],
      ],
      [255, 0],
    );
  }
});

test('a mark drawn from SVG has its own size', async () => {
  const mark = Buffer.from(
    '<svg xmlns="http://www.w3.org/2000/svg" width="20" height="10"><rect width="20" height="10" fill="#f00"/></svg>',
  );
  const of = await sharp({ create: { width: 60, height: 40, channels: 3, background: 'white' } })
    .png()
    .toBuffer();
  const { bytes } = await run({
    of,
    operations: [{ op: 'watermark', source: 'test:mark', gravity: { type: 'compass', at: 'north-west' } }],
    format: 'png',
    marks: { 'test:mark': { bytes: mark } },
  });
  const at = async (x: number, y: number) =>
    (await colourAt(bytes, { x: (x + 0.5) / 60, y: (y + 0.5) / 40 }))[1];
  assert.deepEqual([await at(19, 9), await at(20, 9), await at(19, 10)], [0, 255, 255]);
});

test('the thumbnail of HEIC and AVIF takes the place of the picture, where there is one', async () => {
  for (const name of ['thumbnail.heic', 'thumbnail.avif']) {
    const whole = await run({ of: name, format: 'png' });
    assert.deepEqual([whole.width, whole.height], [120, 80], name);
    const small = await run({ of: name, format: 'png', output: { thumbnail: true } });
    assert.deepEqual([small.width, small.height, small.source.width], [40, 26, 40], name);
    // Made with the nearest pixels, and the mirror image is at 18.
    assert.ok((await perceptualDistance(small.bytes, whole.bytes)) < 10, name);
  }
  for (const name of ['photo.heic', 'photo.avif', 'photo.jpg']) {
    const whole = await run({ of: name, format: 'png' });
    const same = await run({ of: name, format: 'png', output: { thumbnail: true } });
    assert.deepEqual(same.bytes, whole.bytes, name);
  }
});

test('bounds of the request stand in for those of the server', async () => {
  const withLimits = (spec: JobSpec, limits: RequestLimits) => {
    const job = jobOf(spec);
    return transform({ ...job, request: { ...job.request, limits } });
  };
  const photo = { of: 'photo.png', format: 'png' };
  await fails('IMAGE_TOO_LARGE', withLimits(photo, { maxPixels: 9599 }));
  await withLimits({ ...photo, limits: { maxPixels: 100 } }, { maxPixels: 9600 });
  await withLimits({ ...photo, limits: { maxPixels: 100 } }, { maxPixels: 0 });
  const animation = { of: 'animated.gif', format: 'gif' };
  await fails('IMAGE_TOO_LARGE', withLimits(animation, { maxFramePixels: 100 }));
  await withLimits({ ...animation, limits: { maxFramePixels: 100 } }, { maxFramePixels: 0 });
  const { size } = statSync(fixture('photo.png'));
  await fails('SOURCE_TOO_LARGE', withLimits(photo, { maxSourceBytes: size - 1 }));
  await withLimits(photo, { maxSourceBytes: size });
});
