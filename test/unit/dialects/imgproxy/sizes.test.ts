import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import type { Orientation } from '../../../../src/core/geometry.ts';
import type { ImageInfo } from '../../../../src/core/image-info.ts';
import { imgproxy } from '../../../../src/dialects/imgproxy/dialect.ts';
import { imgproxySettings } from '../../../../src/dialects/imgproxy/settings.ts';
import { planTransform } from '../../../../src/plan/plan.ts';
import { plainInfo } from '../../../support/plain-info.ts';

/** What a URL makes of a source of this stored size. */
interface SizeVector {
  readonly authority: string;
  readonly path: string;
  readonly source: readonly [width: number, height: number];
  readonly orientation?: Orientation;
  readonly result: readonly [width: number, height: number];
}

const unlimited = { maxPixels: 0, maxSide: 0, maxFrames: 0, maxFramePixels: 0, maxResultPixels: 0 };

for (const name of ['imgproxy-v1.json', 'imgproxy-v4.json', 'imgproxy-v4-sizes.json']) {
  const file = path.join(import.meta.dirname, '../../../golden/dialects', name);
  const { settings, sizes } = JSON.parse(readFileSync(file, 'utf8')) as {
    readonly settings: object;
    readonly sizes: readonly SizeVector[];
  };
  for (const vector of sizes) {
    const [width, height] = vector.source;
    test(`${vector.path} of ${width}x${height}, orientation ${vector.orientation ?? 1} (${vector.authority})`, () => {
      const target = { raw: vector.path, path: vector.path, query: '' };
      const { image } = imgproxy.parse(target, imgproxySettings.parse(settings), {});
      const planning = planTransform({ request: image, info: infoOf(vector), limits: unlimited });
      assert.ok('plan' in planning);
      const { result } = planning.plan;
      assert.deepEqual([result.width, result.height], vector.result);
    });
  }
}

const infoOf = ({ source: [width, height], orientation = 1 }: SizeVector): ImageInfo =>
  plainInfo({ width, height, orientation });
