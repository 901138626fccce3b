import assert from 'node:assert/strict';
import { test } from 'node:test';
import sharp from 'sharp';
import { setUpSharp } from '../../../src/engine/job/sharp-process.ts';
import { transform } from '../../../src/engine/job/transform.ts';
import type { Operation } from '../../../src/operations/index.gen.ts';
import { fixture, type JobSpec, jobOf } from '../../support/engine-jobs.ts';
import { colourAt, perceptualDistance } from '../../support/perceptual.ts';

setUpSharp();
const run = (spec: JobSpec) => transform(jobOf(spec));
const delays = [100, 200, 300, 400];
const lossless = { encoder: { webp: { lossless: true } } };

test('frames, delays and repeats survive', async (t) => {
  for (const source of ['animated.gif', 'animated.webp']) {
    for (const format of ['gif', 'webp']) {
      for (const operations of [
        [],
        [{ op: 'resize', width: 30 }],
        [
          { op: 'blur', sigma: 1 },
          { op: 'rotate', angle: 90 },
        ],
      ] as const) {
        await t.test(`${source} to ${format}, ${operations.length} operations`, async () => {
          const result = await run({ of: source, operations, format });
          const metadata = await sharp(result.bytes).metadata();
          assert.deepEqual([result.frames, metadata.pages, metadata.delay, metadata.loop], [4, 4, delays, 3]);
          assert.deepEqual([metadata.width, metadata.height], [result.width, result.height]);
        });
      }
    }
  }
});

test('each frame is what the same operations make of it alone', async (t) => {
  const operations: Readonly<Record<string, readonly Operation[]>> = {
    shrink: [{ op: 'resize', width: 30 }],
    enlarge: [{ op: 'resize', width: 120, enlarge: true }],
    cut: [{ op: 'crop', area: { left: 5, top: 5, width: 55, height: 30 } }],
    turn: [{ op: 'rotate', angle: 90 }],
    mirror: [{ op: 'flip', horizontal: true }],
    blur: [{ op: 'blur', sigma: 3 }],
    sharpen: [{ op: 'sharpen', sigma: 2 }],
    pixelate: [{ op: 'pixelate', size: 7 }],
    pad: [
      { op: 'padding', top: 5, left: 9 },
      { op: 'background', colour: { r: 0, g: 0, b: 255 } },
    ],
    'turn, shrink, blur, cut': [
      { op: 'rotate', angle: 270 },
      { op: 'resize', width: 20, height: 30, type: 'force' },
      { op: 'blur', sigma: 1 },
      { op: 'crop', width: 18, height: 28 },
    ],
  };
  for (const [name, list] of Object.entries(operations)) {
    await t.test(name, async () => {
      const animated = await run({ of: 'animated.webp', operations: list, format: 'webp', output: lossless });
      for (let page = 0; page < delays.length; page += 1) {
        const still = await sharp(fixture('animated.webp'), { page }).png().toBuffer();
        const alone = await run({ of: still, operations: list, format: 'png' });
        const [expected, shown] = await Promise.all([rgba(alone.bytes, 0), rgba(animated.bytes, page)]);
        assert.deepEqual([shown.info.width, shown.info.height], [expected.info.width, expected.info.height]);
        // The worst single value: what bleeds in from the next frame shows in one row only.
        const worst = expected.data.reduce(
          (most, value, at) => Math.max(most, Math.abs(value - shown.data[at]!)),
          0,
        );
        assert.ok(worst <= 2, `frame ${page} differs by ${worst}`);
      }
    });
  }
});

const rgba = async (bytes: Uint8Array, page: number) =>
  sharp(await sharp(bytes, { page }).ensureAlpha().png().toBuffer())
    .flatten({ background: '#0f0' })
    .raw()
    .toBuffer({ resolveWithObject: true });

test('a GIF that shrinks keeps dark and bright edges of neighbouring frames apart', async () => {
  const { bytes } = await run({
    of: 'animated.gif',
    operations: [{ op: 'resize', width: 30 }],
    format: 'gif',
  });
  for (let page = 0; page < delays.length; page += 1) {
    const frame = await sharp(bytes, { page }).png().toBuffer();
    assert.ok((await colourAt(frame, { x: 0.5, y: 0.01 }))[1]! < 30);
    assert.ok((await colourAt(frame, { x: 0.5, y: 0.99 }))[1]! > 225);
  }
});

test('transparency of animations is kept', async () => {
  for (const format of ['gif', 'webp']) {
    const { bytes } = await run({
      of: 'animated-alpha.gif',
      operations: [{ op: 'resize', width: 30 }],
      format,
    });
    const frame = await sharp(bytes, { page: 2 }).png().toBuffer();
    assert.equal((await colourAt(frame, { x: 0.05, y: 0.95 }))[3], 0);
    assert.equal((await colourAt(frame, { x: 0.05, y: 0.05 }))[3], 255);
  }
});

test('formats without animation get the first frame, not a tall still', async (t) => {
  const first = await sharp(fixture('animated.gif')).png().toBuffer();
  for (const format of ['avif', 'png', 'jpeg', 'tiff']) {
    await t.test(format, async () => {
      const result = await run({ of: 'animated.gif', format });
      const metadata = await sharp(result.bytes).metadata();
      assert.deepEqual([result.frames, metadata.pages ?? 1, metadata.width, metadata.height], [1, 1, 60, 40]);
      assert.ok((await perceptualDistance(result.bytes, first)) < 6);
    });
  }
});

test('pages of a document are no animation: the first is taken', async () => {
  const result = await run({ of: 'pages.tiff', format: 'webp' });
  assert.deepEqual(
    [result.frames, result.height, result.source.frames, result.source.animated],
    [1, 40, 4, false],
  );
});

test('only as many frames are kept as asked and allowed', async () => {
  const few = await run({ of: 'animated.gif', format: 'webp', output: { frames: 2 } });
  assert.deepEqual([few.frames, (await sharp(few.bytes).metadata()).delay], [2, [100, 200]]);
  const one = await run({ of: 'animated.gif', format: 'webp', limits: { maxFrames: 1 } });
  assert.equal((await sharp(one.bytes).metadata()).pages ?? 1, 1);
});

test('a smart crop takes the same window from every frame', async () => {
  const operations: Operation[] = [
    { op: 'crop', width: 20, height: 20, gravity: { type: 'smart', strategy: 'attention' } },
  ];
  const { bytes, width, height, frames } = await run({
    of: 'animated.webp',
    operations,
    format: 'webp',
    output: lossless,
  });
  assert.deepEqual([width, height, frames], [20, 20, 4]);
  const window = await sharp(fixture('animated.webp'))
    .resize(20, 20, { fit: 'cover', position: 'attention', withoutReduction: true })
    .png()
    .toBuffer({ resolveWithObject: true });
  const { cropOffsetLeft = 0, cropOffsetTop = 0 } = window.info;
  const area = { left: -cropOffsetLeft, top: -cropOffsetTop, width: 20, height: 20 };
  const last = await sharp(fixture('animated.webp'), { page: 3 }).extract(area).png().toBuffer();
  assert.ok((await perceptualDistance(await sharp(bytes, { page: 3 }).png().toBuffer(), last)) < 1);
});
