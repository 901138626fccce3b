/** Sizes and positions the older servers give, as recorded in test/golden/geometry.json. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import type { Gravity, Orientation, Size } from '../../../src/core/geometry.ts';
import type { Operation } from '../../../src/operations/index.gen.ts';
import { planned, sourceOf } from './support.ts';

interface Golden {
  readonly sizes: readonly {
    readonly name: string;
    readonly authority: string;
    readonly source: Size & { readonly orientation?: Orientation };
    readonly operations: readonly Operation[];
    readonly expect: Size;
  }[];
  readonly positions: readonly {
    readonly name: string;
    readonly authority: string;
    readonly outer: Size;
    readonly inner: Size;
    readonly gravity: Gravity;
    readonly factor?: number;
    readonly expect: { readonly left: number; readonly top: number };
  }[];
}

const golden = JSON.parse(
  readFileSync(new URL('../../golden/geometry.json', import.meta.url), 'utf8'),
) as Golden;

describe('sizes of older servers', () => {
  for (const { name, authority, source, operations, expect } of golden.sizes) {
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
  for (const { name, authority, outer, inner, gravity, factor = 1, expect } of golden.positions) {
    test(`${name} (${authority})`, () => {
      const { steps } = planned({
        info: sourceOf(outer),
        operations: [cutting(outer, inner, gravity, factor)],
      });
      assert.deepEqual(steps, [{ step: 'extract', area: { ...expect, ...inner } }]);
    });
  }
});
