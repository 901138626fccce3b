/** The sizes, places and trims of imgproxy as real pixels: what the plan promises is what comes out. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import sharp, { type Sharp } from 'sharp';
import type { Size } from '../../../src/core/geometry.ts';
import { setUpSharp } from '../../../src/engine/job/sharp-process.ts';
import { transform } from '../../../src/engine/job/transform.ts';
import type { Operation } from '../../../src/operations/index.gen.ts';
import { jobOf } from '../../support/engine-jobs.ts';
import { golden, goldenGeometry } from '../../support/golden-geometry.ts';

setUpSharp();

/** Each pixel says where it is: red counts columns, green rows. */
async function grid({ width, height }: Size): Promise<Sharp> {
  const data = Buffer.alloc(width * height * 3);
  for (let at = 0; at < width * height; at += 1) {
    data[at * 3] = (at % width) % 256;
    data[at * 3 + 1] = Math.floor(at / width) % 256;
  }
  return sharp(data, { raw: { width, height, channels: 3 } });
}

describe('sizes', () => {
  for (const { name, source, operations, expect } of goldenGeometry.sizes) {
    test(name, async () => {
      const picture = await grid(source);
      const { orientation } = source;
      const of =
        orientation === undefined
          ? await picture.png().toBuffer()
          : await picture.jpeg().withMetadata({ orientation }).toBuffer();
      const { bytes, ...result } = await transform(jobOf({ of, operations, format: 'png' }));
      const { width, height } = await sharp(bytes).metadata();
      assert.deepEqual({ width, height }, expect);
      assert.deepEqual([result.width, result.height], [width, height], 'the result says so too');
    });
  }
});

describe('positions', () => {
  for (const { name, outer, inner, gravity, factor = 1, expect } of goldenGeometry.positions) {
    test(name, async () => {
      const of = await (await grid(outer)).png().toBuffer();
      const cut: Operation = {
        op: 'resize',
        type: 'fill',
        width: inner.width / factor,
        height: inner.height / factor,
        minWidth: outer.width / factor,
        dpr: factor,
        gravity,
      };
      const { bytes } = await transform(jobOf({ of, operations: [cut], format: 'png' }));
      const { data, info } = await sharp(bytes).raw().toBuffer({ resolveWithObject: true });
      assert.deepEqual([info.width, info.height], [inner.width, inner.height]);
      assert.deepEqual([data[0], data[1]], [expect.left, expect.top]);
    });
  }
});

interface Trims {
  readonly cases: readonly {
    readonly picture: 'frames' | 'palette' | 'clear';
    readonly trim: Omit<Extract<Operation, { op: 'trim' }>, 'op'>;
    readonly expect: Size;
  }[];
}

const rectangle = ({ width, height }: Size, fill: string, place = '') =>
  `<rect ${place} width="${width}" height="${height}" fill="${fill}"/>`;

const drawing = ({ width, height }: Size, body: string) =>
  sharp(
    Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">${body}</svg>`),
  );

/** Black, then frames that are ever brighter. The outermost lies out of the middle, so that its margins differ. */
const frames = drawing(
  { width: 350, height: 250 },
  rectangle({ width: 350, height: 250 }, '#000') +
    [50, 120, 170, 210, 255]
      .map((grey, index) =>
        rectangle(
          { width: 320 - 30 * index, height: 220 - 30 * index },
          `rgb(${grey},${grey},${grey})`,
          `x="${10 + 15 * index}" y="${20 + 15 * index}"`,
        ),
      )
      .join(''),
);
const band = (fill: string, top: number, height: number) =>
  rectangle({ width: 200, height }, fill, `y="${top}"`);
const square = { width: 200, height: 200 };
const bands = band('#f00', 0, 30) + band('#0f0', 30, 100);

const pictures: Readonly<Record<Trims['cases'][number]['picture'], () => Promise<Buffer>>> = {
  frames: () => frames.removeAlpha().png().toBuffer(),
  palette: () =>
    drawing(square, bands + band('#00f', 130, 70))
      .removeAlpha()
      .png({ palette: true })
      .toBuffer(),
  clear: () => drawing(square, bands).png({ palette: true }).toBuffer(),
};

describe('trims', () => {
  for (const { picture, trim, expect } of (golden('trims') as Trims).cases) {
    test(`${picture} ${JSON.stringify(trim)}`, async () => {
      const of = await pictures[picture]();
      const { width, height } = await transform(
        jobOf({ of, operations: [{ op: 'trim', ...trim }], format: 'png' }),
      );
      assert.deepEqual({ width, height }, expect);
    });
  }
});

describe('a crop is defined in the picture as it will be seen', () => {
  const turns: readonly (readonly Operation[])[] = [
    [{ op: 'rotate', angle: 90 }],
    [{ op: 'rotate', angle: 180 }],
    [{ op: 'rotate', angle: 270 }],
    [{ op: 'flip', horizontal: true }],
    [
      { op: 'rotate', angle: 90 },
      { op: 'flip', vertical: true },
    ],
  ];
  const crop: Operation = {
    op: 'crop',
    width: 40,
    height: 0.25,
    gravity: { type: 'compass', at: 'north-west', x: 7, y: 3 },
  };
  for (const turn of turns) {
    test(JSON.stringify(turn), async () => {
      const of = await (await grid({ width: 200, height: 100 })).png().toBuffer();
      const turned = await transform(jobOf({ of, operations: turn, format: 'png' }));
      const then = await transform(jobOf({ of: turned.bytes, operations: [crop], format: 'png' }));
      const both = await transform(jobOf({ of, operations: [...turn, crop], format: 'png' }));
      const pixels = (png: Uint8Array) => sharp(png).raw().toBuffer();
      assert.deepEqual(await pixels(both.bytes), await pixels(then.bytes));
    });
  }
});
