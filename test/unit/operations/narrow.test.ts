/** Where a narrowed picture is cut out of the scaled one: an odd pixel more goes off the left and the top. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Rect, Size } from '../../../src/core/geometry.ts';
import { type NarrowOperation, narrow } from '../../../src/operations/narrow.ts';

interface Case {
  readonly name: string;
  readonly source: Size;
  readonly op: Omit<NarrowOperation, 'op'>;
  readonly scaled: Size;
  readonly area: Rect;
}

const size = (width: number, height: number): Size => ({ width, height });
const area = (left: number, top: number, { width, height }: Size): Rect => ({ left, top, width, height });

const cases: readonly Case[] = [
  {
    name: 'a square of a wide picture',
    source: size(1142, 781),
    op: { width: 250, square: true },
    scaled: size(366, 250),
    area: area(58, 0, size(250, 250)),
  },
  {
    name: 'a square with half a pixel left over',
    source: size(1024, 768),
    op: { width: 160, square: true },
    scaled: size(213, 160),
    area: area(27, 0, size(160, 160)),
  },
  {
    name: 'a square larger than the picture: nothing is scaled',
    source: size(240, 150),
    op: { width: 400, square: true },
    scaled: size(240, 150),
    area: area(45, 0, size(150, 150)),
  },
  {
    name: 'a row that rounding made goes off the top',
    source: size(1024, 640),
    op: { width: 500 },
    scaled: size(500, 313),
    area: area(0, 1, size(500, 312)),
  },
  {
    name: 'a width beyond that of the picture: as it is',
    source: size(240, 150),
    op: { width: 400 },
    scaled: size(240, 150),
    area: area(0, 0, size(240, 150)),
  },
  {
    name: 'a height below one pixel is one',
    source: size(5000, 3),
    op: { width: 100 },
    scaled: size(100, 1),
    area: area(0, 0, size(100, 1)),
  },
];

const planOf = (op: Omit<NarrowOperation, 'op'>, source: Size) =>
  narrow.plan({ op: 'narrow', ...op }, { ...source, alpha: false, factor: 1, orientation: 1 });

for (const { name, source, op, scaled, area: wanted } of cases) {
  test(name, () => {
    const { steps, frame } = planOf(op, source);
    assert.deepEqual(steps, [
      { step: 'scale', size: scaled },
      { step: 'extract', area: wanted },
    ]);
    assert.deepEqual(size(frame.width, frame.height), size(wanted.width, wanted.height));
  });
}

test('what is cut out lies inside of what was scaled, and nothing grows', () => {
  const side = fc.integer({ min: 1, max: 20_000 });
  fc.assert(
    fc.property(side, side, side, fc.boolean(), (width, height, asked, square) => {
      const { steps } = planOf({ width: asked, square }, { width, height });
      const [{ size: scaled }, { area: cut }] = steps as unknown as [{ size: Size }, { area: Rect }];
      assert.ok(cut.left >= 0 && cut.left + cut.width <= scaled.width, JSON.stringify(steps));
      assert.ok(cut.top >= 0 && cut.top + cut.height <= scaled.height, JSON.stringify(steps));
      assert.ok(scaled.width <= width && scaled.height <= height, JSON.stringify(steps));
      assert.equal(cut.width, square ? Math.min(asked, width, height) : Math.min(asked, width));
    }),
  );
});
