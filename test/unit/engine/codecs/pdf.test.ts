import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, test } from 'node:test';
import sharp from 'sharp';
import { document } from '../../../../scripts/fixtures/document.ts';
import type { PictorError } from '../../../../src/core/errors.ts';
import { inspect } from '../../../../src/engine/job/run-work.ts';
import { transform } from '../../../../src/engine/job/transform.ts';
import { defaultLimits, fixture, isNear, jobOf, patches } from '../../../support/engine-jobs.ts';
import { colourAt } from '../../../support/perceptual.ts';

/** Limits of a mount that names PDF. */
const named = { inputs: { also: ['pdf'] } };

const inputOf = (of: string | Uint8Array) => (typeof of === 'string' ? { path: fixture(of) } : { bytes: of });
const look = (of: string | Uint8Array) =>
  inspect({ input: inputOf(of), limits: { ...defaultLimits, ...named } });
const draw = async (of: string | Uint8Array) =>
  (await transform(jobOf({ of, format: 'png', limits: named }))).bytes;

describe('a document', () => {
  test('is its first page, a pixel per point', async () => {
    const info = await look('page.pdf');
    assert.deepEqual([info.format, info.width, info.height], ['pdf', 120, 80]);
    assert.deepEqual([info.frames, info.hasAlpha, info.vector, info.orientation], [1, false, false, 1]);
  });

  test('is turned as it says', async () => {
    const info = await look('rotated.pdf');
    assert.deepEqual([info.width, info.height], [80, 120]);
    // The top left of the page has come to the top right.
    const colour = await colourAt(await draw('rotated.pdf'), { x: 0.75, y: 1 / 6 });
    assert.ok(isNear(colour, patches[0]!.colour, 2), String(colour));
  });

  test('is drawn on white paper', async () => {
    const png = await draw('page.pdf');
    const { width, height, hasAlpha } = await sharp(png).metadata();
    assert.deepEqual([width, height, hasAlpha], [120, 80, false]);
    for (const { x, y, colour } of patches)
      assert.ok(isNear(await colourAt(png, { x, y }), colour, 2), `${x} ${y}`);
    assert.deepEqual([...(await colourAt(png, { x: 1 / 3, y: 0.5 }))], [255, 255, 255]);
  });
});

describe('a document is refused', () => {
  const refused = (code: string, detail: RegExp) => (error: PictorError) =>
    error.code === code && detail.test(error.detail ?? '');

  test('where nobody names it', async () => {
    const unnamed = { input: inputOf('page.pdf'), limits: defaultLimits };
    await assert.rejects(inspect(unnamed), refused('IMAGE_UNKNOWN', /pdf is not read here/));
    await assert.rejects(
      transform(jobOf({ of: 'page.pdf', format: 'png' })),
      refused('IMAGE_UNKNOWN', /pdf is not read here/),
    );
  });

  test('with a password', async () => {
    await assert.rejects(look('locked.pdf'), refused('IMAGE_BROKEN', /[Pp]assword/));
  });

  test('with a page that is too large, before it is drawn', async () => {
    await assert.rejects(look('bomb.pdf'), refused('IMAGE_TOO_LARGE', /1000000x1000000/));
    await assert.rejects(draw('bomb.pdf'), refused('IMAGE_TOO_LARGE', /1000000x1000000/));
  });

  test('with more pixels than there is memory for, where no limit is set', async () => {
    const limits = { ...named, maxPixels: 0, maxSide: 0 };
    await assert.rejects(
      transform(jobOf({ of: 'bomb.pdf', format: 'png', limits })),
      refused('IMAGE_BROKEN', /too many pixels/),
    );
  });

  test('without pages', async () => {
    await assert.rejects(look(document({ pages: [], content: '' })), refused('IMAGE_BROKEN', /pdf: /));
  });

  test('in pieces', async () => {
    const whole = await readFile(fixture('page.pdf'));
    for (const length of [5, 40, 200]) {
      await assert.rejects(look(whole.subarray(0, length)), refused('IMAGE_BROKEN', /pdf: /), `${length}`);
    }
    await assert.rejects(look(Buffer.from('%PDF-1.7\nno document')), refused('IMAGE_BROKEN', /pdf: /));
  });
});
