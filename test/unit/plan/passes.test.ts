import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { StepName } from '../../../src/core/operation.ts';
import type { Operation } from '../../../src/operations/index.gen.ts';
import { groupPasses } from '../../../src/plan/passes.ts';
import { planned, sourceOf } from './support.ts';

const cover: Operation = { op: 'resize', type: 'fill', width: 50, height: 50 };
const white: Operation = { op: 'background', colour: { r: 255, g: 255, b: 255 } };

/** Names of the steps, pass by pass, of a 200×100 source with transparent parts. */
function passesOf(
  operations: readonly Operation[],
  { orientation = 1 as const, frames = 1, hasAlpha = true } = {},
) {
  const info = sourceOf({ orientation, hasAlpha, frames, animated: frames > 1, format: 'webp' });
  const { steps } = planned({ info, operations, output: { format: { exact: 'webp' } } });
  return groupPasses(steps, info, frames).map(({ steps: inPass, frameByFrame }) => ({
    steps: inPass.map(({ step }) => step.step).join(' '),
    ...(frameByFrame ? { frameByFrame } : {}),
  }));
}

const inPasses = (...passes: string[]) => passes.map((steps) => ({ steps }));

describe('passes', () => {
  test('a request without operations is one empty pass: decode and encode', () => {
    assert.deepEqual(passesOf([]), inPasses(''));
  });

  test('the ordinary request is one pass, also for a photo that lies on its side', () => {
    const ordinary: Operation[] = [{ op: 'auto-orient' }, cover];
    assert.deepEqual(passesOf(ordinary), inPasses('scale extract'));
    assert.deepEqual(passesOf(ordinary, { orientation: 6 as 1 }), inPasses('scale orient extract'));
  });

  test('crop, resize, blur, sharpen and a background fit into one pass', () => {
    const list: Operation[] = [
      { op: 'auto-orient' },
      { op: 'crop', width: 150, height: 90 },
      cover,
      { op: 'blur', sigma: 1 },
      white,
      { op: 'sharpen', sigma: 1 },
    ];
    assert.deepEqual(
      passesOf(list, { orientation: 7 as 1 }),
      inPasses('flatten extract scale orient extract blur sharpen'),
    );
  });

  test('padding on a colour is one pass: the canvas gets the colour', () => {
    const list: Operation[] = [{ op: 'resize', width: 50 }, { op: 'padding', top: 5 }, white];
    assert.deepEqual(passesOf(list), inPasses('flatten scale embed'));
    assert.deepEqual(passesOf(list, { hasAlpha: false }), inPasses('scale embed'));
  });

  test('an order sharp does not have takes more passes', () => {
    const blur: Operation = { op: 'blur', sigma: 1 };
    assert.deepEqual(passesOf([blur, { op: 'padding', top: 5 }]), inPasses('blur', 'embed'));
    assert.deepEqual(passesOf([blur, cover]), inPasses('blur', 'scale extract'));
    assert.deepEqual(passesOf([blur, blur]), inPasses('blur', 'blur'));
    assert.deepEqual(
      passesOf([{ op: 'sharpen', sigma: 1 }, white]),
      inPasses('sharpen', 'flatten'),
      'sharpening is not linear, so flattening cannot come first',
    );
  });

  test('a filter after new transparency starts a pass, so that sharp premultiplies', () => {
    assert.deepEqual(
      passesOf([
        { op: 'padding', top: 5 },
        { op: 'blur', sigma: 1 },
      ]),
      inPasses('embed', 'blur'),
    );
  });

  test('a smart crop cannot share sharp’s resize with a scale', () => {
    const smart: Operation = { ...cover, gravity: { type: 'smart', strategy: 'attention' } };
    assert.deepEqual(passesOf([smart]), inPasses('scale', 'smart-crop'));
  });

  test('frames that must go one by one get passes of their own, and never the first', () => {
    const list: Operation[] = [{ op: 'rotate', angle: 90 }, cover, { op: 'blur', sigma: 1 }];
    assert.deepEqual(passesOf(list, { frames: 3 }), [
      { steps: 'scale' },
      { steps: 'orient extract blur', frameByFrame: true },
    ]);
    assert.deepEqual(passesOf([{ op: 'blur', sigma: 1 }], { frames: 3 }), [
      { steps: '' },
      { steps: 'blur', frameByFrame: true },
    ]);
  });

  test('sizes go from pass to pass', () => {
    const { steps } = planned({ operations: [{ op: 'blur', sigma: 1 }, { op: 'rotate', angle: 90 }, cover] });
    const passes = groupPasses(steps, sourceOf(), 1);
    assert.deepEqual(
      passes.map(({ size, result }) => [size.width, size.height, result.width, result.height]),
      [
        [200, 100, 200, 100],
        [200, 100, 50, 50],
      ],
    );
    const befores = passes.flatMap(({ steps: inPass }) =>
      inPass.map(({ step, before }) => [step.step, before.width, before.height]),
    );
    assert.deepEqual(befores satisfies (StepName | number)[][], [
      ['blur', 200, 100],
      ['scale', 200, 100],
      ['orient', 100, 50],
      ['extract', 50, 100],
    ]);
  });
});
