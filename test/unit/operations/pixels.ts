import assert from 'node:assert/strict';
import sharp, { type Sharp } from 'sharp';
import type { Size } from '../../../src/core/geometry.ts';
import type { PlannedStep } from '../../../src/core/operation.ts';
import { rendererOf } from '../../../src/operations/render/renderer-of.ts';
import { groupPasses } from '../../../src/plan/passes.ts';

/** Pixels as sharp hands them over: 8 bits per channel. */
export interface Picture extends Size {
  readonly channels: 1 | 2 | 3 | 4;
  readonly data: Uint8Array;
}

/** Draws a picture by a function of the place; the values are rounded into 0..255. */
export function draw(size: Size, paint: (x: number, y: number) => readonly number[]): Picture {
  const channels = paint(0, 0).length as Picture['channels'];
  const data = new Uint8Array(size.width * size.height * channels);
  for (let y = 0; y < size.height; y += 1) {
    for (let x = 0; x < size.width; x += 1) data.set(paint(x, y), (y * size.width + x) * channels);
  }
  return { ...size, channels, data };
}

export const opened = ({ data, width, height, channels }: Picture): Sharp =>
  sharp(data, { raw: { width, height, channels } });

async function pixelsOf(chain: Sharp, size: Size): Promise<Picture> {
  const { data, info } = await chain.raw().toBuffer({ resolveWithObject: true });
  assert.equal(data.length, size.width * size.height * info.channels, 'the planned size is the real one');
  return { ...size, data, channels: info.channels };
}

/** The values of one pixel. */
export const at = ({ data, width, channels }: Picture, x: number, y: number): number[] => [
  ...data.subarray((y * width + x) * channels, (y * width + x + 1) * channels),
];

/** Runs steps as the engine does: pass after pass, raw pixels in between. */
export async function render(
  source: Picture,
  steps: readonly PlannedStep[],
  marks: Readonly<Record<string, Picture>> = {},
): Promise<Picture> {
  let picture = source;
  for (const pass of groupPasses(steps, source, 1)) {
    let chain = opened(picture);
    for (const { step, before } of pass.steps) {
      const renderer = rendererOf(step);
      if ('renderPixels' in renderer) {
        chain = opened({ ...picture, data: Uint8Array.from(renderer.renderPixels(picture, step)) });
        continue;
      }
      chain = await renderer.render(chain, step, {
        size: before,
        frames: 1,
        grey: picture.channels < 3,
        open: (uri) => opened(marks[uri]!),
      });
    }
    picture = await pixelsOf(chain, pass.result);
  }
  return picture;
}

/** Mean difference of the values as seen over white, 0..255; infinite for different sizes. */
export function difference(a: Picture, b: Picture): number {
  if (a.width !== b.width || a.height !== b.height) return Number.POSITIVE_INFINITY;
  const [first, second] = [overWhite(a), overWhite(b)];
  return first.reduce((sum, value, index) => sum + Math.abs(value - second[index]!), 0) / first.length;
}

function overWhite(picture: Picture): number[] {
  const seen: number[] = [];
  for (let y = 0; y < picture.height; y += 1) {
    for (let x = 0; x < picture.width; x += 1) {
      const [r = 0, g = r, b = r, alpha = 255] = rgba(at(picture, x, y));
      seen.push(...[r, g, b].map((value) => 255 + ((value - 255) * alpha) / 255));
    }
  }
  return seen;
}

function rgba(values: readonly number[]): readonly number[] {
  const [first = 0, second = 255] = values;
  return values.length < 3 ? [first, first, first, values.length === 2 ? second : 255] : values;
}
