import assert from 'node:assert/strict';
import { test } from 'node:test';
import sharp from 'sharp';
import { transform } from '../../../src/engine/job/transform.ts';
import type { Operation } from '../../../src/operations/index.gen.ts';
import { cameraPicture, thumbnailMark } from '../../support/camera-pictures.ts';
import { fixture, type JobSpec, jobOf } from '../../support/engine-jobs.ts';
import { perceptualDistance } from '../../support/perceptual.ts';

const run = async (spec: JobSpec) => Buffer.from((await transform(jobOf(spec))).bytes);
const upright: Operation = { op: 'auto-orient' };
const halved: Operation = { op: 'resize', width: 60, height: 40 };
const outputs = ['jpeg', 'png', 'webp', 'avif', 'gif', 'tiff'] as const;
const orientations = [1, 2, 3, 4, 5, 6, 7, 8] as const;
/** Grain and palettes differ; the mirror image is at 18. */
const alike = 6;

/** What a viewer shows that obeys the orientation a file carries, and that orientation. */
async function shown(bytes: Uint8Array) {
  const { orientation = 1 } = await sharp(bytes).metadata();
  const { data, info } = await sharp(bytes).autoOrient().png().toBuffer({ resolveWithObject: true });
  return { orientation, width: info.width, height: info.height, png: data };
}

async function assertUpright(bytes: Uint8Array) {
  const { orientation, width, height, png } = await shown(bytes);
  assert.deepEqual([orientation, width, height], [1, 60, 40]);
  assert.ok((await perceptualDistance(png, fixture('photo.png'))) < alike);
}

test('pictures of cameras are shown upright in every format', async (t) => {
  for (const orientation of orientations) {
    const of = await cameraPicture(orientation);
    assert.ok((await perceptualDistance((await shown(of)).png, fixture('photo.png'))) < alike);
    for (const format of outputs) {
      for (const metadata of ['strip', 'keep'] as const) {
        for (const copyright of [true, false]) {
          await t.test(`${orientation}, ${format}, ${metadata}, copyright ${copyright}`, async () => {
            await assertUpright(
              await run({ of, operations: [upright, halved], format, output: { metadata, copyright } }),
            );
          });
        }
      }
    }
  }
});

test('so are those that are stored as WebP, TIFF and PNG, and those that take several passes', async (t) => {
  const camera = await cameraPicture(6);
  const sources = {
    jpeg: camera,
    webp: await sharp(camera).keepMetadata().webp({ quality: 95 }).toBuffer(),
    tiff: await sharp(camera).keepMetadata().tiff({ compression: 'lzw' }).toBuffer(),
    png: await sharp(camera).keepMetadata().png().toBuffer(),
  };
  for (const [name, of] of Object.entries(sources)) {
    assert.equal((await sharp(of).metadata()).orientation, 6, name);
    for (const format of outputs) {
      for (const metadata of ['strip', 'keep'] as const) {
        await t.test(`${name} to ${format}, ${metadata}`, async () => {
          await assertUpright(await run({ of, operations: [upright, halved], format, output: { metadata } }));
          const twice: readonly Operation[] = [upright, { op: 'blur', sigma: 0.3 }, halved];
          await assertUpright(await run({ of, operations: twice, format, output: { metadata } }));
        });
      }
    }
  }
});

test('without auto-orient and metadata no format is turned by viewers', async () => {
  const of = await cameraPicture(6);
  for (const format of outputs) {
    const { orientation, width, height } = await shown(await run({ of, format }));
    assert.deepEqual([orientation, width, height], [1, 80, 120], format);
  }
});

test('copyright and artist are all that is left of EXIF: no thumbnail, no camera, no place', async (t) => {
  const of = await cameraPicture(6);
  assert.ok(of.includes(thumbnailMark));
  for (const format of ['jpeg', 'png', 'webp', 'avif'] as const) {
    for (const operations of [[], [upright, halved], [{ op: 'blur', sigma: 0.3 }, halved]] as const) {
      await t.test(`${format}, ${operations.length} operations`, async () => {
        const { exif } = await sharp(await run({ of, operations, format })).metadata();
        const text = Buffer.from(exif ?? []).toString('latin1');
        assert.match(text, /Jane Doe/);
        assert.match(text, /John Roe/);
        assert.doesNotMatch(text, /Secret Camera|2031|uncropped/);
        assert.ok(text.length < 300, `${text.length} bytes`);
      });
    }
  }
  for (const format of outputs) {
    const bytes = await run({ of, operations: [upright, halved], format });
    for (const secret of [thumbnailMark, 'Secret Camera', '2031:01:02'])
      assert.ok(!bytes.includes(secret), format);
  }
});

test('a profile that is kept stays when the EXIF is replaced', async () => {
  const of = await sharp(await cameraPicture(6))
    .keepExif()
    .withIccProfile('p3')
    .jpeg()
    .toBuffer();
  const output = { profile: 'keep' } as const;
  const {
    hasProfile,
    exif,
    orientation = 1,
  } = await sharp(await run({ of, operations: [upright, halved], output })).metadata();
  assert.deepEqual([hasProfile, orientation], [true, 1]);
  assert.match(Buffer.from(exif ?? []).toString(), /Jane Doe/);
});
