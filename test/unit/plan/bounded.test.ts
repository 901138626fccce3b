import assert from 'node:assert/strict';
import { test } from 'node:test';
import { boundedBy, cuttingText, isBoundedAlike } from '../../../src/plan/bounded.ts';
import { limitsSettings } from '../../../src/plan/settings.ts';

const limits = limitsSettings.parse({});
const animation = { vector: false, animated: true, frames: 12 };
const drawing = { vector: true, animated: false, frames: 1 };

test('no bound reaches a still', () => {
  assert.equal(boundedBy({ vector: false, animated: false, frames: 1 }, limits), null);
});

test('an animation outlives bounds that leave it as many frames', () => {
  const made = boundedBy(animation, limits)!;
  for (const [maxFrames, alike] of [
    [0, true],
    [12, true],
    [11, false],
    [1, false],
  ] as const)
    assert.equal(isBoundedAlike(made, { ...limits, maxFrames }), alike, String(maxFrames));
  assert.ok(isBoundedAlike(made, { ...limits, maxPixels: 1 }), 'that one refuses');
});

test('a drawing is drawn anew under every other bound on its size', () => {
  const made = boundedBy(drawing, limits)!;
  assert.ok(isBoundedAlike(made, { ...limits, maxFrames: 1 }));
  assert.ok(!isBoundedAlike(made, { ...limits, maxPixels: 1000 }));
  assert.ok(!isBoundedAlike(made, { ...limits, maxSide: 1000 }));
});

test('every bound that cuts down shows in the text for tags', () => {
  const texts = [
    limits,
    { ...limits, maxFrames: 7 },
    { ...limits, maxSide: 7 },
    { ...limits, maxPixels: 7 },
  ].map(cuttingText);
  assert.equal(new Set(texts).size, texts.length);
});
