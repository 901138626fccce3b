/** Sizes and positions the older servers give, as recorded in test/golden/geometry.json. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Gravity, Size } from '../../../src/core/geometry.ts';
import type { Operation } from '../../../src/operations/index.gen.ts';
import { goldenGeometry } from '../../support/golden-geometry.ts';
import { planned, sourceOf } from './support.ts';

describe('sizes of older servers', () => {
  for (const { name, authority, source, operations, expect } of goldenGeometry.sizes) {
    test(`${name} (${authority})`, () => {
      const { result } = planned({ info: sourceOf(source), operations });
      assert.deepEqual({ width: result.width, height: result.height }, expect);
    });
  }
});

/** A resize that keeps the size of the outer box, cuts the inner one out and has the given dpr in force. */
function cutting(outer: Size, inner: Size, gravity: Gravity, factor: number): Operation {
  return {
    op: 'resize',
    type: 'fill',
    width: inner.width / factor,
    height: inner.height / factor,
    minWidth: outer.width / factor,
    dpr: factor,
    gravity,
  };
}

describe('positions of older servers', () => {
  for (const { name, authority, outer, inner, gravity, factor = 1, expect } of goldenGeometry.positions) {
    test(`${name} (${authority})`, () => {
      const { steps } = planned({
        info: sourceOf(outer),
        operations: [cutting(outer, inner, gravity, factor)],
      });
      assert.deepEqual(steps, [{ step: 'extract', area: { ...expect, ...inner } }]);
    });
  }
});
