import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { PictorError } from '../../../src/core/errors.ts';
import type { Operation } from '../../../src/operations/index.gen.ts';
import { type Case, planned, planning, sourceOf } from './support.ts';

const failsWith = (code: string, question: Case) =>
  assert.throws(
    () => planning(question),
    (error) => error instanceof PictorError && error.code === code,
  );

const animation = sourceOf({
  format: 'gif',
  frames: 10,
  animated: true,
  delays: [10, 20, 30, 40, 50, 60, 70, 80, 90, 100],
  loop: 3,
});

describe('limits', () => {
  test('a source beyond a bound is refused by its header', () => {
    failsWith('IMAGE_TOO_LARGE', { limits: { maxPixels: 19_999 } });
    failsWith('IMAGE_TOO_LARGE', { limits: { maxSide: 199 } });
    planned({ limits: { maxPixels: 20_000, maxSide: 200 } });
  });

  test('frames beyond the bound are left out', () => {
    const plan = planned({ info: animation, limits: { maxFrames: 4 }, output: { format: { exact: 'gif' } } });
    assert.equal(plan.decode.frames, 4);
    assert.deepEqual(plan.encode.delays, [10, 20, 30, 40]);
    assert.equal(plan.encode.loop, 3);
  });

  test('only the frames that are kept count', () => {
    const limits = { maxFramePixels: 100_000 };
    failsWith('IMAGE_TOO_LARGE', { info: animation, limits, output: { format: { exact: 'webp' } } });
    planned({ info: animation, limits: { ...limits, maxFrames: 5 }, output: { format: { exact: 'webp' } } });
    planned({ info: animation, limits, output: { format: { exact: 'png' } } });
  });

  test('enlarging is bounded, also on the way to a small result', () => {
    const limits = { maxResultPixels: 1_000_000 };
    const large: Operation = { op: 'resize', width: 4000, enlarge: true };
    failsWith('OPERATION_IMPOSSIBLE', { operations: [large], limits });
    failsWith('OPERATION_IMPOSSIBLE', { operations: [large, { op: 'crop', width: 10, height: 10 }], limits });
    failsWith('OPERATION_IMPOSSIBLE', { operations: [{ op: 'padding', top: 9000 }], limits });
  });

  test('enlarging an animation is bounded by the pixels of all frames', () => {
    const question = {
      info: animation,
      output: { format: { exact: 'gif' } },
      limits: { maxFramePixels: 300_000 },
    };
    failsWith('OPERATION_IMPOSSIBLE', {
      ...question,
      operations: [{ op: 'resize', width: 300, enlarge: true }],
    });
    planned({ ...question, operations: [{ op: 'resize', width: 240, enlarge: true }] });
  });

  test('a result no larger than its source always passes', () => {
    const info = sourceOf({ width: 2000, height: 2000 });
    planned({
      info,
      operations: [
        { op: 'blur', sigma: 2 },
        { op: 'rotate', angle: 90 },
      ],
      limits: { maxResultPixels: 10 },
    });
  });

  test('vector images are drawn within the bounds', () => {
    const info = sourceOf({ format: 'svg', vector: true, hasAlpha: true, width: 100_000, height: 50_000 });
    const limits = { maxPixels: 20_000, maxSide: 150 };
    assert.deepEqual(planned({ info, limits }).steps, [{ step: 'scale', size: { width: 150, height: 75 } }]);
    assert.deepEqual(planned({ info, limits, operations: [{ op: 'resize', width: 40 }] }).steps, [
      { step: 'scale', size: { width: 40, height: 20 } },
    ]);
    failsWith('OPERATION_IMPOSSIBLE', {
      info,
      limits: { ...limits, maxResultPixels: 1_000_000 },
      operations: [{ op: 'resize', width: 5000 }],
    });
  });
});

describe('vector images', () => {
  test('are drawn large and then cut, not cut and blown up', () => {
    const info = sourceOf({ format: 'svg', vector: true });
    const operations: Operation[] = [
      { op: 'crop', width: 50, height: 50, gravity: { type: 'compass', at: 'north-west', x: 10, y: 20 } },
      { op: 'resize', width: 200 },
    ];
    assert.deepEqual(planned({ info, operations }).steps, [
      { step: 'scale', size: { width: 800, height: 400 } },
      { step: 'extract', area: { left: 40, top: 80, width: 200, height: 200 } },
    ]);
    const jpeg = planned({
      info: { ...info, hasAlpha: true },
      operations,
      output: { format: { exact: 'jpeg' } },
    });
    assert.deepEqual(
      jpeg.steps.map(({ step }) => step),
      ['flatten', 'scale', 'extract'],
    );
    const tight = planned({ info, operations, limits: { maxPixels: 100_000 } });
    assert.deepEqual(
      tight.steps.map(({ step }) => step),
      ['scale', 'extract', 'scale'],
      'unless the large drawing breaks a bound',
    );
  });
});

describe('steps', () => {
  test('turns from EXIF, rotate and flip become one, and a full turn none', () => {
    const info = sourceOf({ orientation: 6 });
    const operations: Operation[] = [
      { op: 'auto-orient' },
      { op: 'rotate', angle: 90 },
      { op: 'flip', horizontal: true },
    ];
    assert.deepEqual(planned({ info, operations }).steps, [{ step: 'orient', mirror: true, turn: 180 }]);
    assert.deepEqual(
      planned({ info, operations: [{ op: 'auto-orient' }, { op: 'rotate', angle: 270 }] }).steps,
      [],
    );
  });

  test('EXIF orientation is applied once, and reported while it is not', () => {
    const info = sourceOf({ orientation: 8 });
    assert.equal(planned({ info }).orientation, 8);
    const twice = planned({ info, operations: [{ op: 'auto-orient' }, { op: 'auto-orient' }] });
    assert.equal(twice.orientation, 1);
    assert.deepEqual(twice.steps, [{ step: 'orient', mirror: false, turn: 270 }]);
  });

  test('cuts add up, and what changes nothing is left out', () => {
    const operations: Operation[] = [
      { op: 'crop', area: { left: 10, top: 10, width: 100, height: 80 } },
      { op: 'crop', area: { left: 5, top: 6, width: 50, height: 50 } },
      { op: 'resize', width: 50 },
      { op: 'crop', width: 0, height: 0 },
      { op: 'blur', sigma: 0.2 },
      { op: 'padding' },
      { op: 'extend' },
      { op: 'pixelate', size: 1 },
    ];
    assert.deepEqual(planned({ operations }).steps, [
      { step: 'extract', area: { left: 15, top: 16, width: 50, height: 50 } },
    ]);
  });

  test('canvases of one fill become one', () => {
    const operations: Operation[] = [
      { op: 'padding', left: 3, top: 1 },
      { op: 'padding', left: 2, bottom: 4 },
    ];
    assert.deepEqual(planned({ operations }).steps, [
      { step: 'embed', size: { width: 205, height: 105 }, left: 5, top: 1 },
    ]);
  });

  test('a crop outside of the picture is impossible, one across its edge is cut off', () => {
    const at = (left: number): Operation => ({ op: 'crop', area: { left, top: 0, width: 50, height: 50 } });
    failsWith('OPERATION_IMPOSSIBLE', { operations: [at(200)] });
    assert.deepEqual(planned({ operations: [at(190)] }).result, { width: 10, height: 50, frames: 1 });
  });

  test('transparency is laid on the matte where the output cannot hold it', () => {
    const info = sourceOf({ hasAlpha: true });
    const jpeg = { format: { exact: 'jpeg' } };
    assert.deepEqual(planned({ info, output: jpeg }).steps, [
      { step: 'flatten', colour: { r: 255, g: 255, b: 255 } },
    ]);
    const matte = { r: 1, g: 2, b: 3 };
    assert.deepEqual(planned({ info, output: { ...jpeg, matte } }).steps, [
      { step: 'flatten', colour: matte },
    ]);
    assert.deepEqual(planned({ output: jpeg }).steps, []);
    assert.deepEqual(planned({ output: { ...jpeg, matte }, operations: [{ op: 'padding', top: 1 }] }).steps, [
      { step: 'embed', size: { width: 200, height: 101 }, left: 0, top: 1, colour: matte },
    ]);
  });

  test('padding and offsets follow the dpr in force', () => {
    const operations: Operation[] = [
      { op: 'resize', width: 50, dpr: 2 },
      { op: 'padding', left: 5 },
    ];
    assert.deepEqual(planned({ operations }).result, { width: 110, height: 50, frames: 1 });
  });
});

describe('bounds on the result', () => {
  test('the format’s largest side shrinks everything together', () => {
    const info = sourceOf({ width: 20_000, height: 1000 });
    const { result, steps } = planned({
      info,
      operations: [{ op: 'resize' }, { op: 'padding', left: 2000 }],
      output: { format: { exact: 'webp' } },
    });
    assert.deepEqual(result, { width: 16_383, height: 745, frames: 1 });
    assert.equal(steps.filter(({ step }) => step === 'scale').length, 1);
  });

  test('without a resize the result is scaled at the end', () => {
    const info = sourceOf({ width: 20_000, height: 1000 });
    const { result } = planned({ info, output: { format: { exact: 'webp' } } });
    assert.deepEqual(result, { width: 16_383, height: 819, frames: 1 });
  });

  test('a trim after the resize does not upset the bound of the request', () => {
    const operations: Operation[] = [
      { op: 'resize', maxSide: 50 },
      { op: 'trim', threshold: 10 },
    ];
    assert.ok('measure' in planning({ operations }));
    const { result } = planned({ operations, measured: [{ left: 50, top: 0, width: 100, height: 100 }] });
    assert.deepEqual(result, { width: 50, height: 50, frames: 1 });
  });
});

describe('measurements', () => {
  const trim: Operation = { op: 'trim', threshold: 5, colour: { r: 1, g: 2, b: 3 } };

  test('a trim asks first, then cuts what was found', () => {
    assert.deepEqual(planning({ operations: [trim, { op: 'resize', width: 50 }] }), {
      measure: { find: 'content', threshold: 5, colour: { r: 1, g: 2, b: 3 } },
      before: [],
    });
    const found = { left: 10, top: 20, width: 100, height: 50 };
    assert.deepEqual(planned({ operations: [trim, { op: 'resize', width: 50 }], measured: [found] }).steps, [
      { step: 'extract', area: found },
      { step: 'scale', size: { width: 50, height: 25 } },
    ]);
  });

  test('a later trim is measured after the steps before it, and trims are answered in order', () => {
    const operations: Operation[] = [trim, { op: 'rotate', angle: 90 }, { op: 'trim', threshold: 1 }];
    const first = { left: 10, top: 0, width: 100, height: 100 };
    assert.deepEqual(planning({ operations, measured: [first] }), {
      measure: { find: 'content', threshold: 1 },
      before: [
        { step: 'extract', area: first },
        { step: 'orient', mirror: false, turn: 90 },
      ],
    });
    const second = { left: 0, top: 30, width: 100, height: 10 };
    assert.deepEqual(planned({ operations, measured: [first, second] }).result, {
      width: 100,
      height: 10,
      frames: 1,
    });
  });

  test('equal margins are the smaller of both sides', () => {
    const found = { left: 10, top: 20, width: 160, height: 50 };
    const operations: Operation[] = [{ ...trim, equalHorizontal: true, equalVertical: true }];
    assert.deepEqual(planned({ operations, measured: [found] }).steps, [
      { step: 'extract', area: { left: 10, top: 20, width: 180, height: 60 } },
    ]);
  });

  test('an animation is not trimmed, and its smart crop is one window for all frames', () => {
    const output = { format: { exact: 'gif' } };
    assert.deepEqual(planned({ info: animation, operations: [trim], output }).steps, []);
    const operations: Operation[] = [
      {
        op: 'resize',
        type: 'fill',
        width: 50,
        height: 50,
        gravity: { type: 'smart', strategy: 'attention' },
      },
    ];
    assert.deepEqual(planning({ info: animation, operations, output }), {
      measure: { find: 'window', size: { width: 50, height: 50 }, strategy: 'attention' },
      before: [{ step: 'scale', size: { width: 100, height: 50 } }],
    });
    const measured = [{ left: 31, top: 0, width: 50, height: 50 }];
    assert.deepEqual(planned({ info: animation, operations, output, measured }).steps.at(-1), {
      step: 'extract',
      area: { left: 31, top: 0, width: 50, height: 50 },
    });
  });

  test('a smart crop under a bound is measured after shrinking', () => {
    const operations: Operation[] = [
      {
        op: 'resize',
        type: 'fill',
        width: 50,
        height: 50,
        maxSide: 20,
        gravity: { type: 'smart', strategy: 'entropy' },
      },
    ];
    const answer = planning({ info: animation, operations, output: { format: { exact: 'gif' } } });
    assert.deepEqual('measure' in answer && answer.measure, {
      find: 'window',
      size: { width: 20, height: 20 },
      strategy: 'entropy',
    });
  });
});

describe('encoding', () => {
  test('quality: of the request, else of the format, else the default', () => {
    const quality = (output: Case['output']) =>
      planned({ output: { format: { exact: 'webp' }, ...output } }).encode.quality;
    assert.equal(quality({}), 80);
    assert.equal(quality({ formatQuality: { webp: 79, avif: 63 } }), 79);
    assert.equal(quality({ formatQuality: { avif: 63 } }), 80);
    assert.equal(quality({ quality: 30, formatQuality: { webp: 79 } }), 30);
    assert.equal(quality({ format: { exact: 'png' }, quality: 30 }), undefined);
  });

  test('knobs of the request go over the defaults of the format', () => {
    const { encode } = planned({
      output: {
        format: { exact: 'jpeg' },
        encoder: { jpeg: { progressive: true, optimiseCoding: true }, png: { palette: true } },
      },
    });
    assert.deepEqual(encode.options, { progressive: true, optimiseCoding: true });
    assert.equal(encode.pixels, 20_000);
  });

  test('16 bits are kept where asked for, present and possible', () => {
    const info = sourceOf({ bits: 16 });
    const deep = (format: string, source = info) =>
      planned({ info: source, output: { format: { exact: format }, highDepth: true } });
    assert.equal(deep('png').keep.highDepth, true);
    assert.equal(deep('jpeg').keep.highDepth, false);
    assert.equal(deep('png', sourceOf()).keep.highDepth, false);
    assert.deepEqual(deep('avif').encode.options, { bitdepth: 10 });
    assert.equal(planned({ info }).keep.highDepth, false);
  });

  test('metadata goes and ownership stays unless said otherwise; GIF holds no profile', () => {
    assert.deepEqual(planned({}).keep, {
      metadata: false,
      copyright: true,
      profile: false,
      highDepth: false,
    });
    const keeping = { metadata: 'keep', copyright: false, profile: 'keep' } as const;
    assert.deepEqual(planned({ output: keeping }).keep, {
      metadata: true,
      copyright: false,
      profile: true,
      highDepth: false,
    });
    assert.equal(planned({ output: { ...keeping, format: { exact: 'gif' } } }).keep.profile, false);
  });
});

describe('a frozen question', () => {
  test('planning changes nothing it is given', () => {
    const operations = Object.freeze([Object.freeze<Operation>({ op: 'resize', width: 20, maxSide: 10 })]);
    const question = Object.freeze({ operations, info: Object.freeze(sourceOf()) });
    assert.deepEqual(planned(question), planned(question));
  });
});
