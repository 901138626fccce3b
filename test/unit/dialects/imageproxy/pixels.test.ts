import assert from 'node:assert/strict';
import { test } from 'node:test';
import { imageproxy, targetOf } from '../../../../src/dialects/imageproxy/dialect.ts';
import { imageproxySettings } from '../../../../src/dialects/imageproxy/settings.ts';
import { planTransform } from '../../../../src/plan/plan.ts';
import { at, draw, render } from '../../operations/pixels.ts';
import { noLimits, sourceOf } from '../../plan/support.ts';

const letters: Readonly<Record<string, readonly number[]>> = {
  R: [255, 0, 0],
  G: [0, 255, 0],
  B: [0, 0, 255],
  Y: [255, 255, 0],
};
const settings = imageproxySettings.parse({});

/** What options make of rows of colours: `RG BY` is a picture of 2×2. */
async function made(rows: string, options: string): Promise<string> {
  const lines = rows.split(' ');
  const size = { width: lines[0]!.length, height: lines.length };
  const { image } = imageproxy.parse(targetOf(`/${options},png/http://a.test/b`), settings, {});
  const planning = planTransform({ request: image, info: sourceOf(size), limits: noLimits });
  assert.ok('plan' in planning);
  const source = draw(size, (x, y) => letters[lines[y]![x]!]!);
  const result = await render(source, planning.plan.steps);
  const letterAt = (x: number, y: number) => {
    // Scaling mixes neighbours a little.
    const isNear = (colour: readonly number[]) =>
      at(result, x, y).every((value, channel) => Math.abs(value - colour[channel]!) < 64);
    return Object.keys(letters).find((letter) => isNear(letters[letter]!)) ?? '?';
  };
  const line = (y: number) => Array.from({ length: result.width }, (_, x) => letterAt(x, y)).join('');
  return Array.from({ length: result.height }, (_, y) => line(y)).join(' ');
}

// Authority: imageproxy 0.10, transformations.
for (const [rows, options, result] of [
  ['RG BY', 'r90', 'GY RB'],
  ['RG BY', 'r180', 'YB GR'],
  ['RG BY', 'r270', 'BR YG'],
  ['RG BY', 'r-90', 'BR YG'],
  ['RG BY', 'r45', 'RG BY'],
  ['RG BY', 'fh', 'GR YB'],
  ['RG BY', 'fv', 'BY RG'],
  ['RG BY', 'r90,fh', 'YG BR'],
  ['RG BY', 'fh,r90', 'YG BR'],
  ['RRBB RRBB', '2x1,fit,fh,r90', 'B R'],
  ['RG BY', 'cx1,cw1', 'G Y'],
  ['RG BY', 'cx-1,cy-1', 'Y'],
  ['RGBY', 'cx0.5', 'BY'],
] as const) {
  test(`${rows} by ${options} is ${result}`, async () => assert.equal(await made(rows, options), result));
}
