/** Whatever the plan rearranges and groups, the picture is the one the operations ask for in their order. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { PictorError } from '../../../src/core/errors.ts';
import type { Orientation } from '../../../src/core/geometry.ts';
import type { ImageInfo } from '../../../src/core/image-info.ts';
import type { Frame, OperationDefinition } from '../../../src/core/operation.ts';
import { type Operation, operations } from '../../../src/operations/index.gen.ts';
import { difference, draw, type Picture, render } from '../operations/pixels.ts';
import { planned, sourceOf } from './support.ts';

const size = { width: 37, height: 23 };

/** Different in every corner and partly transparent, but smooth, so that resampling before or after a turn is alike. */
const smooth: Picture = draw(size, (x, y) => [40 + x * 3, 220 - y * 4, 90 + x + y, 160 + y * 4]);

/** Every pixel unlike its neighbours, so that none may lie one place off. */
const noise: Picture = draw(size, (x, y) => [
  (x * 97 + y * 31) % 256,
  (x * 57 + y * 193) % 256,
  (x * y) % 256,
]);

const marks = { 'test:mark': draw({ width: 7, height: 5 }, (x) => [20, 30 * x, 200, x < 3 ? 255 : 128]) };

const compass = fc
  .constantFrom('centre', 'north', 'south-east', 'west')
  .map((point) => ({ type: 'compass' as const, at: point as 'centre' }));
const side = fc.integer({ min: 6, max: 60 });
const area = fc.record({
  left: fc.integer({ min: 0, max: 3 }),
  top: fc.integer({ min: 0, max: 3 }),
  width: side,
  height: side,
});

/** Operations that move pixels without mixing them. */
const exact: readonly fc.Arbitrary<Operation>[] = [
  fc.constant<Operation>({ op: 'auto-orient' }),
  fc.constantFrom(90, 180, 270).map((angle): Operation => ({ op: 'rotate', angle: angle as 90 })),
  fc.record({ op: fc.constant('flip'), horizontal: fc.boolean(), vertical: fc.boolean() }),
  fc.record({ op: fc.constant('crop'), width: side, height: side, gravity: compass }),
  fc.record({ op: fc.constant('crop'), area }),
  fc.record({
    op: fc.constant('padding'),
    left: fc.integer({ min: 0, max: 4 }),
    top: fc.integer({ min: 0, max: 4 }),
  }),
  fc.constant<Operation>({ op: 'background', colour: { r: 10, g: 120, b: 240 } }),
];

/** Without enlarging: libvips shifts enlarged pictures by up to half a pixel to one side, which a turn makes the other. */
const mixing: readonly fc.Arbitrary<Operation>[] = [
  fc.record({
    op: fc.constant('resize'),
    type: fc.constantFrom('fit', 'fill', 'force'),
    width: side,
    height: side,
    gravity: compass,
  }),
  fc.record({ op: fc.constant('extend'), gravity: compass }),
  fc.constant<Operation>({ op: 'blur', sigma: 1 }),
  fc.constant<Operation>({ op: 'sharpen', sigma: 1 }),
  fc.record({ op: fc.constant('watermark'), source: fc.constant('test:mark'), gravity: compass }),
];

/**
 * How far what the plan makes of the operations is from what they say taken one by one; null when one of them cannot be
 * done, which both must say in the same words (a rectangle may lie outside of what a scale has left).
 */
async function bothWays(source: Picture, list: readonly Operation[], orientation: Orientation) {
  const info = sourceOf({ ...size, hasAlpha: source.channels === 4, orientation });
  const plan = orRefusal(() => planned({ info, operations: list }));
  if (plan instanceof PictorError) {
    await assert.rejects(literally(source, list, info), { code: plan.code, detail: plan.detail });
    return null;
  }
  const { steps, result } = plan;
  const quick = await render(source, steps, marks);
  assert.deepEqual([quick.width, quick.height], [result.width, result.height]);
  return difference(quick, await literally(source, list, info));
}

function orRefusal<T>(attempt: () => T): T | PictorError {
  try {
    return attempt();
  } catch (error) {
    assert.ok(error instanceof PictorError && error.code === 'OPERATION_IMPOSSIBLE', String(error));
    return error;
  }
}

/** Every step in a pass of its own, in the order of the operations. */
async function literally(source: Picture, list: readonly Operation[], info: ImageInfo): Promise<Picture> {
  let frame: Frame = { ...size, alpha: info.hasAlpha, factor: 1, orientation: info.orientation };
  let result = source;
  for (const each of list) {
    const definition: OperationDefinition<Operation> = operations[each.op];
    const answer = definition.plan(each, frame, { info, shrink: 1 });
    assert.ok(!('measure' in answer));
    for (const step of answer.steps) result = await render(result, [step], marks);
    frame = answer.frame;
  }
  return result;
}

const orientations = fc.constantFrom<Orientation>(1, 2, 3, 4, 5, 6, 7, 8);

test('turns, cuts and canvases put every pixel where their order says, however they are grouped', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.oneof(...exact), { maxLength: 7 }),
      orientations,
      async (list, orientation) => {
        const off = await bothWays(noise, list, orientation);
        fc.pre(off !== null);
        assert.equal(off, 0);
      },
    ),
    { numRuns: 80 },
  );
});

test('any order of operations means what it says, however it is grouped', async () => {
  const all = fc.array(fc.oneof(...exact, ...mixing), { maxLength: 7 });
  await fc.assert(
    fc.asyncProperty(all, orientations, async (list, orientation) => {
      // Every premultiplied chain of sharp truncates, which makes its picture about one level darker.
      const off = await bothWays(smooth, list, orientation);
      fc.pre(off !== null);
      assert.ok(off < 6, `differs by ${off}`);
    }),
    { numRuns: 80 },
  );
});
