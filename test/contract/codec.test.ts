/** What every codec of ours owes the engine, whatever its format. */
import assert from 'node:assert/strict';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import sharp from 'sharp';
import { PictorError } from '../../src/core/errors.ts';
import type { FormatDefinition } from '../../src/core/format.ts';
import { type EncoderTools, noTools } from '../../src/engine/codec.ts';
import { codecs } from '../../src/engine/codecs/index.gen.ts';
import { detectFormat } from '../../src/engine/job/detect.ts';
import { openInput } from '../../src/engine/job/input.ts';
import { inspect } from '../../src/engine/job/run-work.ts';
import { transform } from '../../src/engine/job/transform.ts';
import { formats } from '../../src/formats/index.gen.ts';
import type { Operation } from '../../src/operations/index.gen.ts';
import { requireComponent } from '../support/component.ts';
import { defaultLimits, jobOf } from '../support/engine-jobs.ts';
import { perceptualDistance } from '../support/perceptual.ts';

const all: readonly FormatDefinition[] = Object.values(formats);
const ours = all.filter(({ write }) => write?.by === 'codec');
const heifEncoder = requireComponent('heif-enc');
const tools: EncoderTools = {
  ...noTools,
  heifEncoder: heifEncoder.path,
  scratch: path.join(tmpdir(), `pictor-codec-test-${process.pid}`),
};

test('every format that names a codec has one, with the halves it names', () => {
  for (const { name, read, write } of all) {
    const codec = codecs.get(name);
    assert.equal(codec?.decoder !== undefined, read?.by === 'codec', `${name}: decoder`);
    assert.equal(codec?.encoder !== undefined, write?.by === 'codec', `${name}: encoder`);
  }
  assert.deepEqual(
    [...codecs.keys()],
    [...codecs.values()].map(({ name }) => name),
  );
});

for (const format of ours) {
  const needsProgram = format.write?.by === 'codec' && 'program' in (format.write.needs ?? {});
  const skip = needsProgram ? heifEncoder.skip : false;

  describe(format.name, { skip }, () => {
    const encode = async (of: string | Uint8Array, ...operations: readonly Operation[]) =>
      transform(jobOf({ of, operations, format: format.name }), tools);
    const decode = async (of: Uint8Array) => transform(jobOf({ of, format: 'png' }), tools);

    test('its bytes are detected as it, and come with its media type and size', async () => {
      const result = await encode('photo.png');
      assert.equal((await detectFormat(openInput({ bytes: result.bytes }))).name, format.name);
      assert.equal(result.mediaType, format.mediaTypes[0]);
      assert.deepEqual([result.width, result.height], [120, 80]);
      const info = await inspect({ input: { bytes: result.bytes }, limits: defaultLimits });
      assert.deepEqual([info.width, info.height, info.orientation, info.frames], [120, 80, 1, 1]);
    });

    for (const name of [
      'photo.png',
      'alpha.png',
      'grey.png',
      'grey-alpha.png',
      'depth16.png',
      'cmyk.jpg',
      'adobe-rgb.jpg',
    ]) {
      test(`${name} comes back as it went`, async () => {
        const there = await encode(name);
        const back = await decode(there.bytes);
        const direct = await transform(jobOf({ of: name, format: 'png' }));
        const distance = await perceptualDistance(back.bytes, direct.bytes);
        assert.ok(distance < 3, `distance ${distance}`);
      });
    }

    test('clear parts stay clear', async () => {
      const back = await decode((await encode('alpha.png')).bytes);
      const { data, info } = await sharp(back.bytes).raw().toBuffer({ resolveWithObject: true });
      assert.equal(info.channels, 4);
      const alphaAt = (x: number, y: number) => data[(y * info.width + x) * 4 + 3]!;
      assert.ok(alphaAt(2, 2) < 10 && alphaAt(60, 40) > 245);
    });

    test('the smallest sizes and odd ones', async () => {
      for (const [width, height] of [
        [1, 1],
        [1, 7],
        [13, 1],
        [37, 19],
      ] as const) {
        const small = await sharp({ create: { width, height, channels: 3, background: '#c83c3c' } })
          .png()
          .toBuffer();
        const back = await decode((await encode(small)).bytes);
        assert.deepEqual([back.width, back.height], [width, height]);
        const { dominant } = await sharp(back.bytes).flatten().stats();
        assert.ok(dominant.r > 180 && dominant.g < 90 && dominant.b < 90, `${width}x${height}`);
      }
    });

    test('what is too large is shrunk to fit, after all else', async () => {
      if (format.maxSide > 1000) return;
      const { width, height } = await encode('photo.png', { op: 'resize', width: 900, enlarge: true });
      assert.deepEqual([width, height], [format.maxSide, Math.round((format.maxSide * 2) / 3)]);
    });

    test('the first frame stands for an animation', async () => {
      const back = await decode((await encode('animated.gif')).bytes);
      assert.deepEqual([back.width, back.height, back.frames], [60, 40, 1]);
    });

    test('any bytes behind a right beginning give errors of the catalogue', async () => {
      const { bytes } = await encode('photo.png', { op: 'resize', width: 24 });
      await fc.assert(
        fc.asyncProperty(fc.nat(40), fc.uint8Array({ maxLength: 400 }), async (kept, rest) => {
          const hostile = Buffer.concat([bytes.subarray(0, kept), rest]);
          await decode(hostile).catch((error: unknown) => {
            assert.ok(error instanceof PictorError, String(error));
            assert.match(error.code, /^IMAGE_/, error.detail);
          });
        }),
        { numRuns: 40 },
      );
    });

    test('unknown knobs are refused', () => {
      const { options, defaults } = format.write!;
      assert.equal(options().safeParse(defaults).success, true);
      assert.equal(options().safeParse({ nonsense: 1 }).success, false);
    });
  });
}
