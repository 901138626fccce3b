/** Pictures made of a mezzanine are those made of the original. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import sharp, { type Sharp } from 'sharp';
import { reduce } from '../../../src/engine/job/reduce.ts';
import { setUpSharp } from '../../../src/engine/job/sharp-process.ts';
import { transform } from '../../../src/engine/job/transform.ts';
import type { Operation } from '../../../src/operations/index.gen.ts';
import { mostMezzanines } from '../../../src/plan/mezzanine.ts';
import { defaultLimits, fixture, jobOf } from '../../support/engine-jobs.ts';
import { perceptualDistance } from '../../support/perceptual.ts';
import { ssim } from '../../support/ssim.ts';

setUpSharp();
const upright: Operation = { op: 'auto-orient' };
let folder: string;

before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'mezzanine-'));
});
after(() => rm(folder, { recursive: true, force: true }));

/** 3200×2400: a photo with fine grain and hard edges, so that every resampling shows. */
async function large(name: string, encode: (chain: Sharp) => Sharp): Promise<string> {
  const [width, height] = [3200, 2400];
  const grain = await sharp({
    create: {
      width,
      height,
      channels: 3,
      background: '#808080',
      noise: { type: 'gaussian', mean: 128, sigma: 10 },
    },
  })
    .png()
    .toBuffer();
  const lines = Buffer.from(
    `<svg width="${width}" height="${height}"><g stroke="#123" stroke-width="5">${Array.from(
      { length: 60 },
      (_, i) => `<line x1="${i * 53}" y1="0" x2="${width - i * 41}" y2="${height}"/>`,
    ).join(
      '',
    )}</g><circle cx="900" cy="700" r="420" fill="#c33"/><rect x="2000" y="1500" width="900" height="600" fill="#2a6"/></svg>`,
  );
  const picture = sharp(fixture('photo.png'))
    .resize(width, height, { fit: 'fill' })
    .removeAlpha()
    .composite([{ input: grain, blend: 'overlay' }, { input: lines }]);
  const file = path.join(folder, name);
  await encode(picture).toFile(file);
  return file;
}

let files = 0;
const filesIn = (): readonly string[] =>
  Array.from({ length: mostMezzanines }, () => path.join(folder, `${files++}.v`));

const jpeg = (chain: Sharp) => chain.jpeg({ quality: 92 });
let plainFile: Promise<string> | undefined;
const plain = (): Promise<string> => {
  plainFile ??= large('plain.jpg', jpeg);
  return plainFile;
};

async function bothWays(file: string, operations: readonly Operation[], format = 'jpeg') {
  const mezzanines = await reduce({ input: { path: file }, limits: defaultLimits, into: filesIn() });
  const job = {
    ...jobOf({ of: 'photo.jpg', operations, format, output: { quality: 100 } }),
    inputs: { 'test:original': { path: file } },
  };
  const direct = await transform(job);
  const reused = await transform({ ...job, mezzanines });
  assert.equal(direct.reused, undefined);
  assert.equal(reused.reused, true);
  assert.deepEqual([reused.width, reused.height], [direct.width, direct.height]);
  return { direct, reused };
}

/** What the original comes to when nothing is saved on the way: decoded whole, scaled once. */
const exact = (file: string, width: number, height: number) =>
  sharp(file).autoOrient().resize(width, height, { fit: 'fill', fastShrinkOnLoad: false }).png().toBuffer();

test('what is made of them is as near to the original as what is made of it directly', async () => {
  const file = await plain();
  // At 0.65 of the sides of the larger one, at 0.75 of the smaller one; the last far below.
  for (const [width, atLimit] of [
    [1040, true],
    [600, true],
    [300, false],
  ] as const) {
    const { direct, reused } = await bothWays(file, [upright, { op: 'resize', width }]);
    const truth = await exact(file, reused.width, reused.height);
    const [near, nearer] = await Promise.all([ssim(reused.bytes, truth), ssim(direct.bytes, truth)]);
    assert.ok(near > nearer - 0.005, `${width}: ${near} against ${nearer}`);
    const alike = await ssim(reused.bytes, direct.bytes);
    assert.ok(!atLimit || alike >= 0.99, `${width}: ${alike}`);
  }
});

test('what is made of a JPEG that was halved while it was decoded is what would have been made directly', async () => {
  const file = await plain();
  for (const width of [1040, 900, 800]) {
    const { direct, reused } = await bothWays(file, [upright, { op: 'resize', width }]);
    assert.deepEqual(reused.bytes, direct.bytes, String(width));
  }
});

test('made on the way of a picture: both come of one decode, and it says what it left', async () => {
  const file = await plain();
  const into = filesIn();
  const job = (width: number) => ({
    ...jobOf({ of: 'photo.jpg', operations: [upright, { op: 'resize', width }], format: 'jpeg' }),
    inputs: { 'test:original': { path: file } },
  });
  const made = await transform({ ...job(300), mezzaninesInto: into });
  assert.equal(made.reused, undefined);
  assert.deepEqual(made.mezzanines, [
    { width: 1600, height: 1200, path: into[0] },
    { width: 800, height: 600, path: into[1] },
  ]);
  const later = await transform({ ...job(300), mezzanines: made.mezzanines });
  assert.equal(later.reused, true);
  assert.deepEqual(later.bytes, made.bytes);
});

test('not made on the way of a picture that cannot be made of them, nor where there is no room', async () => {
  const file = await plain();
  const inputs = { 'test:original': { path: file } };
  const into = filesIn();
  const wide = jobOf({ of: 'photo.jpg', operations: [{ op: 'resize', width: 1500 }], format: 'jpeg' });
  assert.equal((await transform({ ...wide, inputs, mezzaninesInto: into })).mezzanines, undefined);
  assert.deepEqual(
    into.map((each) => existsSync(each)),
    [false, false],
  );
  const small = jobOf({ of: 'photo.jpg', operations: [{ op: 'resize', width: 300 }], format: 'jpeg' });
  const nowhere = into.map((each) => path.join(each, 'below', 'a-file.v'));
  const made = await transform({ ...small, inputs, mezzaninesInto: nowhere });
  assert.deepEqual([made.mezzanines, made.width], [undefined, 300]);
});

test('turned, mirrored, cut, blurred: in the same places and the same colours', async () => {
  const file = await large('turned.jpg', (chain) =>
    chain.jpeg({ quality: 92 }).withMetadata({ orientation: 6 }),
  );
  for (const operations of [
    [upright, { op: 'resize', type: 'fill', width: 300, height: 300 }],
    [upright, { op: 'resize', width: 200 }, { op: 'flip', horizontal: true }],
    [
      { op: 'resize', width: 300 },
      { op: 'rotate', angle: 90 },
    ],
    [upright, { op: 'resize', width: 300 }, { op: 'blur', sigma: 2 }, { op: 'padding', left: 9, top: 4 }],
  ] as const satisfies readonly (readonly Operation[])[]) {
    const { direct, reused } = await bothWays(file, operations);
    assert.ok((await perceptualDistance(reused.bytes, direct.bytes)) < 1, JSON.stringify(operations));
  }
});

test('wide colours stay what they are', async () => {
  const wide = await large('wide.jpg', (chain) => chain.withIccProfile('p3').jpeg({ quality: 92 }));
  const converted = await bothWays(wide, [upright, { op: 'resize', width: 300 }]);
  assert.ok((await perceptualDistance(converted.reused.bytes, converted.direct.bytes)) < 1);
});

test('one that has gone or is damaged costs time, not the picture', async () => {
  const file = await plain();
  const job = {
    ...jobOf({ of: 'photo.jpg', operations: [{ op: 'resize', width: 300 }], format: 'jpeg' }),
    inputs: { 'test:original': { path: file } },
  };
  const broken = path.join(folder, 'broken.v');
  await writeFile(broken, 'no picture at all');
  for (const place of [path.join(folder, 'not-there.v'), broken]) {
    const made = await transform({ ...job, mezzanines: [{ path: place, width: 1600, height: 1200 }] });
    assert.equal(made.reused, undefined);
    assert.deepEqual([made.width, made.height], [300, 225]);
  }
});

test('an original in the format of mezzanines is none', async () => {
  const file = path.join(folder, 'smuggled.v');
  await sharp(fixture('photo.png')).toFile(file);
  const job = { ...jobOf({ of: 'photo.jpg' }), inputs: { 'test:original': { path: file } } };
  await assert.rejects(transform(job), { code: 'IMAGE_UNKNOWN' });
});

test('none are made of what is small', async () => {
  const input = { path: fixture('photo.jpg') };
  assert.deepEqual(await reduce({ input, limits: defaultLimits, into: filesIn() }), []);
});
