import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { imgproxy } from '../../../../src/dialects/imgproxy/dialect.ts';
import { imgproxySettings } from '../../../../src/dialects/imgproxy/settings.ts';
import { placeWindow } from '../../../../src/operations/geometry/gravity.ts';

type Pair = readonly [number, number];

interface PositionVector {
  readonly authority: string;
  readonly outer: Pair;
  readonly inner: Pair;
  readonly gravity: string;
  readonly factor?: number;
  /** Left and top. */
  readonly at: Pair;
}

const file = path.join(import.meta.dirname, '../../../golden/dialects/imgproxy-v4-positions.json');
const { positions } = JSON.parse(readFileSync(file, 'utf8')) as {
  readonly positions: readonly PositionVector[];
};
const settings = imgproxySettings.parse({});
const sizeOf = ([width, height]: Pair) => ({ width, height });

for (const { authority, outer, inner, gravity, factor = 1, at } of positions) {
  test(`${gravity}: ${inner.join('x')} in ${outer.join('x')}, times ${factor} (${authority})`, () => {
    const target = `/unsafe/c:${inner.join(':')}:${gravity}/plain/local:///a`;
    const { image } = imgproxy.parse({ raw: target, path: target, query: '' }, settings, {});
    const crop = image.operations.find((each) => each.op === 'crop');
    const place = crop?.gravity ?? { type: 'compass', at: 'centre' };
    assert.ok(place.type !== 'smart');
    const { left, top } = placeWindow({ outer: sizeOf(outer), inner: sizeOf(inner), gravity: place, factor });
    assert.deepEqual([left, top], at);
  });
}
