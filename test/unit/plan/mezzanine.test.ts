/** Which originals get mezzanines, and which plans may be made of them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Operation } from '../../../src/operations/index.gen.ts';
import { mezzanineSizes, suitableMezzanine } from '../../../src/plan/mezzanine.ts';
import type { OutputSpec } from '../../../src/request/image-request.ts';
import { planned, sourceOf } from './support.ts';

const photo = sourceOf({ format: 'jpeg', width: 4000, height: 3000 });
const mezzanines = mezzanineSizes(photo);

test('sides are halved until they are just wide enough, and once more', () => {
  for (const [width, height, sizes] of [
    [4000, 3000, ['2000x1500', '1000x750']],
    [6000, 4000, ['1500x1000', '750x500']],
    [8000, 6000, ['2000x1500', '1000x750']],
    [3000, 2001, ['1500x1000', '750x500']],
    [12_000, 300, ['1500x37', '750x18']],
    [2999, 4000, []],
    [1700, 1700, []],
  ] as const) {
    const found = mezzanineSizes({ ...photo, width, height }).map((size) => `${size.width}x${size.height}`);
    assert.deepEqual(found, sizes, `${width}x${height}`);
  }
});

test('small, moving, drawn, grey, inked, deep and transparent originals get none', () => {
  for (const [facts, why] of [
    [{ width: 2000, height: 1500 }, 'small'],
    [{ frames: 2, animated: true }, 'moving'],
    [{ vector: true, format: 'svg' }, 'drawn'],
    [{ space: 'b-w' }, 'grey'],
    [{ space: 'cmyk' }, 'inked'],
    [{ bits: 16 }, 'deep'],
    [{ hasAlpha: true, format: 'webp' }, 'not opaque'],
    [{ format: 'gif' }, 'a palette'],
    [{ format: 'bmp' }, 'read by us in one go'],
  ] as const)
    assert.deepEqual(mezzanineSizes({ ...photo, ...facts }), [], why);
});

const of = (operations: readonly Operation[], output: Partial<OutputSpec> = {}) =>
  suitableMezzanine(
    planned({ info: photo, operations, output: { format: { exact: 'jpeg' }, ...output } }),
    mezzanines,
  )?.width;
const to = (width: number): Operation => ({ op: 'resize', width });

test('the smallest that has enough pixels is taken, up to 0.65 or 0.75 of its sides', () => {
  for (const [width, from] of [
    [320, 1000],
    [750, 1000],
    [751, 2000],
    [1300, 2000],
    [1301, undefined],
  ] as const)
    assert.equal(of([to(width)]), from, String(width));
});

test('what would show, or keeps more than pixels, is made of the original', () => {
  const small = to(320);
  for (const [name, operations, output] of [
    ['nothing is scaled', [], {}],
    ['a part of the original', [{ op: 'crop', width: 900, height: 900 }, small], {}],
    ['blurred before it is scaled', [{ op: 'blur', sigma: 3 }, small], {}],
    ['metadata', [small], { metadata: 'keep' }],
    ['a profile', [small], { profile: 'keep' }],
    ['an output without loss', [small], { format: { exact: 'png' } }],
    ['lossless WebP', [small], { format: { exact: 'webp' }, encoder: { webp: { lossless: true } } }],
  ] as const)
    assert.equal(of(operations, output), undefined, name);
});

test('what comes after the scale is alike', () => {
  for (const [name, operations] of [
    ['a cut', [{ op: 'resize', type: 'fill', width: 400, height: 400 }]],
    ['a turn', [{ op: 'rotate', angle: 90 }, to(400)]],
    ['blur', [to(400), { op: 'blur', sigma: 2 }]],
    ['padding', [to(400), { op: 'padding', left: 10, top: 10 }]],
  ] as const)
    assert.equal(of(operations), 1000, name);
});

test('property: a mezzanine has the shape of its original, and at most half its sides', () => {
  const side = fc.integer({ min: 1, max: 20_000 });
  fc.assert(
    fc.property(side, side, (width, height) => {
      const sizes = mezzanineSizes({ ...photo, width, height });
      assert.ok(sizes.length === 0 || sizes.length === 2);
      for (const size of sizes) {
        assert.ok(size.width * 2 <= width + 1 && size.height * 2 <= height + 1);
        assert.ok(
          size.height === 1 || Math.abs(size.height - (size.width * height) / width) <= 1 + height / width,
        );
      }
    }),
  );
});
