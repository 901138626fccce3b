import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { PictorError } from '../../../src/core/errors.ts';
import { chooseFormat, type FormatFacts } from '../../../src/plan/choose-format.ts';
import type { FormatChoice } from '../../../src/request/image-request.ts';
import { planned, sourceOf } from './support.ts';

const still = { source: 'jpeg', animated: false, transparent: false };
const chosen = (choice: FormatChoice, facts: Partial<FormatFacts> = {}) =>
  chooseFormat(choice, { ...still, ...facts }).name;

/** What imgproxy prefers by default (v4, section "Output format choice" of its docs). */
const preferred = ['jpeg', 'png', 'gif'];

describe('choice of the output format', () => {
  test('negotiated formats come first, in their order', () => {
    assert.equal(chosen({ negotiated: ['avif', 'webp'], exact: 'png' }), 'avif');
    assert.equal(chosen({ negotiated: ['webp'], preferred }), 'webp');
  });

  test('a negotiated format that cannot hold the animation is passed over', () => {
    assert.equal(chosen({ negotiated: ['avif', 'webp'] }, { animated: true }), 'webp');
    assert.equal(chosen({ negotiated: ['avif'], exact: 'jpeg' }, { animated: true }), 'jpeg');
  });

  test('then the exact one, even where it loses something', () => {
    assert.equal(
      chosen({ exact: 'jpeg', preferred: ['png'] }, { animated: true, transparent: true }),
      'jpeg',
    );
  });

  test('then the source’s own, when preferred', () => {
    assert.equal(chosen({ preferred }, { source: 'png' }), 'png');
    assert.equal(chosen({ preferred }, { source: 'jpeg', transparent: true }), 'jpeg');
  });

  test('then the first preferred that holds what there is', () => {
    assert.equal(chosen({ preferred }, { source: 'webp' }), 'jpeg');
    assert.equal(chosen({ preferred }, { source: 'webp', transparent: true }), 'png');
    assert.equal(chosen({ preferred }, { source: 'webp', animated: true }), 'gif');
    assert.equal(chosen({ preferred: ['jpeg', 'avif'] }, { source: 'webp', animated: true }), 'jpeg');
  });

  test('no choice at all keeps the source’s format, or one everybody reads', () => {
    assert.equal(chosen({}, { source: 'webp' }), 'webp');
    for (const source of ['heic', 'bmp', 'ico', 'jxl']) assert.equal(chosen({}, { source }), 'jpeg', source);
    assert.equal(chosen({}, { source: 'svg', transparent: true }), 'png');
  });

  test('what cannot be written is refused', () => {
    for (const exact of ['svg', 'pdf', 'constructor']) {
      assert.throws(
        () => chosen({ exact }),
        (error) => error instanceof PictorError && error.code === 'FORMAT_UNSUPPORTED',
      );
    }
  });
});

describe('formats that this server cannot write', () => {
  const unwritable = new Map([['jxl', 'no package']]);

  test('are passed over where there is a choice', () => {
    const facts = { unwritable };
    assert.equal(chosen({ negotiated: ['jxl', 'webp'] }, facts), 'webp');
    assert.equal(chosen({ negotiated: ['jxl'], exact: 'png' }, facts), 'png');
    assert.equal(chosen({ preferred: ['jxl', 'png'] }, { ...facts, source: 'jxl' }), 'png');
  });

  test('are refused with the reason where there is none', () => {
    for (const choice of [{ exact: 'jxl' }, { preferred: ['jxl'] }]) {
      assert.throws(
        () => chosen(choice, { unwritable }),
        (error) =>
          error instanceof PictorError &&
          error.code === 'FORMAT_UNSUPPORTED' &&
          error.detail === 'jxl cannot be written: no package',
      );
    }
  });

  test('animations are never JPEG XL', () => {
    assert.equal(chosen({ negotiated: ['jxl', 'avif', 'webp'] }, { animated: true }), 'webp');
  });
});

describe('what the plan expects', () => {
  const output = { format: { preferred } };
  const webp = sourceOf({ format: 'webp' });

  test('transparency from the source, padding or extend, unless there is a background', () => {
    const format = (...operations: Parameters<typeof planned>[0]['operations'] & object) =>
      planned({ info: webp, operations, output }).encode.format;
    assert.equal(format(), 'jpeg');
    assert.equal(format({ op: 'padding', top: 1 }), 'png');
    assert.equal(format({ op: 'extend' }), 'png');
    assert.equal(
      format({ op: 'padding', top: 1 }, { op: 'background', colour: { r: 0, g: 0, b: 0 } }),
      'jpeg',
    );
    assert.equal(planned({ info: { ...webp, hasAlpha: true }, output }).encode.format, 'png');
  });

  test('an animation where several frames may be kept', () => {
    const info = { ...webp, frames: 5, animated: true };
    assert.equal(planned({ info, output }).encode.format, 'gif');
    assert.equal(planned({ info, output, limits: { maxFrames: 1 } }).encode.format, 'jpeg');
    assert.equal(planned({ info, output: { ...output, frames: 1 } }).encode.format, 'jpeg');
    assert.equal(
      planned({ info: { ...info, animated: false }, output }).encode.format,
      'jpeg',
      'pages are no frames',
    );
  });

  test('AVIF is always a still', () => {
    const info = { ...webp, frames: 5, animated: true };
    const plan = planned({ info, output: { format: { exact: 'avif' } } });
    assert.deepEqual([plan.decode.frames, plan.result.frames, plan.encode.frames], [1, 1, 1]);
  });
});
