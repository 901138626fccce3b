/** What the steps do to pixels. Pictures are small and made here. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import sharp from 'sharp';
import type { Orientation } from '../../../src/core/geometry.ts';
import type { PlannedStep } from '../../../src/core/operation.ts';
import { type Operation, operations } from '../../../src/operations/index.gen.ts';
import { planned, sourceOf } from '../plan/support.ts';
import { at, draw, opened, type Picture, render } from './pixels.ts';

const red = [255, 0, 0];
const green = [0, 255, 0];
const blue = [0, 0, 255];
const yellow = [255, 255, 0];

/** Four quarters: red green / blue yellow. */
const quarters = draw({ width: 20, height: 10 }, (x, y) =>
  y < 5 ? (x < 10 ? red : green) : x < 10 ? blue : yellow,
);

/** Plans the operations for the picture and renders them. */
async function result(
  picture: Picture,
  operations: readonly Operation[],
  marks: Record<string, Picture> = {},
) {
  const { width, height, channels } = picture;
  const info = sourceOf({ width, height, hasAlpha: channels === 2 || channels === 4 });
  return render(picture, planned({ info, operations }).steps, marks);
}

const corners = (picture: Picture) =>
  [
    [0, 0],
    [picture.width - 1, 0],
    [0, picture.height - 1],
    [picture.width - 1, picture.height - 1],
  ].map(([x, y]) => at(picture, x!, y!).slice(0, 3));

describe('turning', () => {
  test('rotate turns clockwise', async () => {
    assert.deepEqual(corners(await result(quarters, [{ op: 'rotate', angle: 90 }])), [
      blue,
      red,
      yellow,
      green,
    ]);
    assert.deepEqual(corners(await result(quarters, [{ op: 'rotate', angle: 270 }])), [
      green,
      yellow,
      red,
      blue,
    ]);
  });

  test('flip mirrors', async () => {
    assert.deepEqual(corners(await result(quarters, [{ op: 'flip', horizontal: true }])), [
      green,
      red,
      yellow,
      blue,
    ]);
    assert.deepEqual(corners(await result(quarters, [{ op: 'flip', vertical: true }])), [
      blue,
      yellow,
      red,
      green,
    ]);
    const both: Operation = { op: 'flip', horizontal: true, vertical: true };
    assert.deepEqual(corners(await result(quarters, [both])), [yellow, blue, green, red]);
  });

  for (const orientation of [1, 2, 3, 4, 5, 6, 7, 8] as const satisfies readonly Orientation[]) {
    test(`EXIF orientation ${orientation} is read as sharp reads it`, async () => {
      const file = await opened(quarters).withMetadata({ orientation }).png().toBuffer();
      const { data, info } = await sharp(file).autoOrient().raw().toBuffer({ resolveWithObject: true });
      const { steps } = planned({
        info: sourceOf({ width: 20, height: 10, orientation }),
        operations: [{ op: 'auto-orient' }],
      });
      const ours = await render(quarters, steps);
      assert.deepEqual([ours.width, ours.height], [info.width, info.height]);
      assert.deepEqual(Buffer.from(ours.data), data);
    });
  }
});

describe('cutting', () => {
  test('a smart crop keeps the size of things and finds the odd one out', async () => {
    const dot = draw({ width: 60, height: 20 }, (x, y) =>
      x >= 48 && x < 56 && y >= 6 && y < 14 ? red : [128, 128, 128],
    );
    const cut = await result(dot, [
      { op: 'crop', width: 20, height: 20, gravity: { type: 'smart', strategy: 'attention' } },
    ]);
    assert.deepEqual([cut.width, cut.height], [20, 20]);
    const reds = Array.from({ length: 400 }, (_, index) =>
      at(cut, index % 20, Math.floor(index / 20)),
    ).filter(([r]) => r === 255);
    assert.equal(reds.length, 64, 'the whole dot, at its own size');
  });
});

describe('canvases', () => {
  test('padding is transparent, and takes the colour of a background after it', async () => {
    const padded = await result(quarters, [{ op: 'padding', left: 2, top: 1 }]);
    assert.deepEqual(at(padded, 0, 0), [0, 0, 0, 0]);
    assert.deepEqual(at(padded, 2, 1), [...red, 255]);
    const colour = { r: 9, g: 99, b: 199 };
    const coloured = await result(quarters, [
      { op: 'padding', left: 2, top: 1 },
      { op: 'background', colour },
    ]);
    assert.deepEqual(at(coloured, 0, 0).slice(0, 3), [9, 99, 199]);
    assert.deepEqual(at(coloured, 2, 1).slice(0, 3), red);
  });

  test('a colour stays a colour under and around a picture in shades of grey', async () => {
    const colour = { r: 200, g: 10, b: 60 };
    const greyHole = draw({ width: 8, height: 8 }, (x) => [100, x < 4 ? 0 : 255]);
    const under = await result(greyHole, [{ op: 'background', colour }]);
    assert.deepEqual(
      [at(under, 0, 0), at(under, 7, 0)],
      [
        [200, 10, 60],
        [100, 100, 100],
      ],
    );
    const grey = draw({ width: 8, height: 8 }, () => [100]);
    const around = await result(grey, [
      { op: 'padding', left: 2 },
      { op: 'background', colour },
    ]);
    assert.deepEqual(
      [at(around, 0, 0), at(around, 7, 0)],
      [
        [200, 10, 60],
        [100, 100, 100],
      ],
    );
  });
});

describe('filters', () => {
  const edge = draw({ width: 40, height: 20 }, (x) => (x < 20 ? [60, 60, 60] : [180, 180, 180]));

  test('blur softens an edge and leaves what is even', async () => {
    const soft = await result(edge, [{ op: 'blur', sigma: 3 }]);
    assert.ok(at(soft, 18, 10)[0]! > 75 && at(soft, 21, 10)[0]! < 165);
    assert.equal(at(soft, 1, 10)[0], 60);
  });

  test('sharpen raises an edge and leaves what is even', async () => {
    const hard = await result(edge, [{ op: 'sharpen', sigma: 1 }]);
    assert.ok(at(hard, 19, 10)[0]! < 60 && at(hard, 20, 10)[0]! > 180);
    assert.ok(Math.abs(at(hard, 1, 10)[0]! - 60) <= 1);
  });

  test('transparent parts give no colour to their neighbours', async () => {
    const hole = draw({ width: 20, height: 20 }, (x) => (x < 10 ? [255, 255, 255, 255] : [0, 0, 0, 0]));
    for (const filter of [
      { op: 'blur', sigma: 2 },
      { op: 'resize', width: 10 },
    ] as const) {
      const soft = await result(hole, [filter]);
      const middle = at(soft, Math.floor(soft.width / 2) - 1, 5);
      assert.ok(middle[0]! > 245, `${filter.op} leaves white white: ${middle.join()}`);
    }
    const padded = await result(
      draw({ width: 20, height: 20 }, () => [255, 255, 255]),
      [
        { op: 'padding', right: 10 },
        { op: 'blur', sigma: 2 },
      ],
    );
    assert.ok(at(padded, 19, 10)[0]! > 245, 'also where padding made them');
  });

  test('pixelate gives even blocks of the mean colour, cut at the edges and mirrored there', async () => {
    const ramp = draw({ width: 25, height: 15 }, (x, y) => [x * 10, y * 10, 100]);
    const blocks = await result(ramp, [{ op: 'pixelate', size: 10 }]);
    assert.deepEqual([blocks.width, blocks.height], [25, 15]);
    for (const [x, y] of [
      [0, 0],
      [10, 0],
      [20, 10],
    ] as const) {
      const first = at(blocks, x, y);
      for (const [dx, dy] of [
        [4, 0],
        [0, 4],
        [4, 4],
      ] as const)
        assert.deepEqual(at(blocks, x + dx, y + dy), first);
    }
    assert.deepEqual(at(blocks, 9, 9), at(blocks, 0, 0));
    assert.notDeepEqual(at(blocks, 10, 0), at(blocks, 9, 0));
    assert.deepEqual(at(blocks, 10, 0), [145, 45, 100]);
    assert.deepEqual(at(blocks, 20, 0), [220, 45, 100]);
  });

  test('a block larger than the picture is the whole picture', async () => {
    const one = await result(quarters, [{ op: 'pixelate', size: 1000 }]);
    assert.deepEqual(at(one, 0, 0), at(one, 19, 9));
    const long = draw({ width: 300, height: 2 }, () => red);
    assert.deepEqual(at(await result(long, [{ op: 'pixelate', size: 300 }]), 299, 1), red);
  });
});

describe('watermark', () => {
  const white = draw({ width: 40, height: 30 }, () => [255, 255, 255]);
  const marks = { 'test:mark': draw({ width: 10, height: 6 }, () => [200, 0, 0]) };
  const lay = async (more: Partial<Extract<Operation, { op: 'watermark' }>>, picture = white) =>
    result(picture, [{ op: 'watermark', source: 'test:mark', ...more }], marks);

  /** Left, top, right and bottom edge of what is not white; null when all is. */
  function marked(picture: Picture): number[] | null {
    const places = Array.from({ length: picture.width * picture.height }, (_, index) => index).filter(
      (index) => at(picture, index % picture.width, Math.floor(index / picture.width))[1]! < 250,
    );
    if (places.length === 0) return null;
    const xs = places.map((index) => index % picture.width);
    const ys = places.map((index) => Math.floor(index / picture.width));
    return [Math.min(...xs), Math.min(...ys), Math.max(...xs) + 1, Math.max(...ys) + 1];
  }

  test('lies in the middle at its own size', async () => {
    const laid = await lay({});
    assert.deepEqual([laid.width, laid.height], [40, 30]);
    assert.deepEqual(marked(laid), [16, 12, 26, 18]);
  });

  test('opacity mixes it with the picture', async () => {
    const [r, g] = at(await lay({ opacity: 0.5 }), 20, 15);
    assert.ok(Math.abs(r! - 227) <= 1 && Math.abs(g! - 127) <= 1, `${r},${g}`);
    assert.equal(marked(await lay({ opacity: 0 })), null);
  });

  test('offsets move it, over the edge at most until one pixel is left', async () => {
    const gravity = { type: 'compass', at: 'north-west' } as const;
    assert.deepEqual(marked(await lay({ gravity: { ...gravity, x: 3, y: 4 } })), [3, 4, 13, 10]);
    assert.deepEqual(marked(await lay({ gravity: { ...gravity, x: -4, y: -2 } })), [0, 0, 6, 4]);
    assert.deepEqual(marked(await lay({ gravity: { ...gravity, x: -400, y: 400 } })), [0, 29, 1, 30]);
  });

  test('scale fits it into its share of the picture, larger than itself if need be', async () => {
    assert.deepEqual(marked(await lay({ scale: 0.5 })), [10, 10, 30, 22]);
    assert.deepEqual(marked(await lay({ scale: 1, gravity: { type: 'focus', x: 0, y: 0 } })), [0, 0, 20, 12]);
  });

  test('a mark larger than the picture is cut off', async () => {
    const small = draw({ width: 4, height: 4 }, () => [255, 255, 255]);
    assert.deepEqual(marked(await lay({}, small)), [0, 0, 4, 4]);
  });

  test('tiles fill the picture from its middle, with their gaps', async () => {
    const laid = await lay({ gravity: 'tile', x: 2, y: 4 });
    const isMark = (x: number, y: number) => at(laid, x, y)[1]! < 250;
    const row = Array.from({ length: 40 }, (_, x) => (isMark(x, 15) ? '#' : '.')).join('');
    const column = Array.from({ length: 30 }, (_, y) => (isMark(20, y) ? '#' : '.')).join('');
    assert.equal(row, '#..##########..##########..##########..#');
    assert.equal(column, '..######....######....######..');
  });

  test('tiles lie as libvips lays an odd number of them over the middle', async () => {
    const along = (picture: number, mark: number, gap: number) => {
      const tile = mark + gap;
      const count = Math.ceil(picture / tile) + ((Math.ceil(picture / tile) + 1) % 2);
      const cut = Math.floor((count * tile - picture) / 2);
      return (x: number) => {
        const inTile = ((x + cut) % tile) - Math.floor(gap / 2);
        return inTile >= 0 && inTile < mark;
      };
    };
    for (const [x, y] of [
      [0, 0],
      [1, 1],
      [5, 2],
      [33, 27],
      [60, 9],
    ] as const) {
      for (const size of [white, draw({ width: 37, height: 23 }, () => [255, 255, 255])]) {
        const laid = await lay({ gravity: 'tile', x, y }, size);
        const [column, row] = [along(size.width, 10, x), along(size.height, 6, y)];
        for (let place = 0; place < size.width * size.height; place += 1) {
          const [left, top] = [place % size.width, Math.floor(place / size.width)];
          assert.equal(at(laid, left, top)[1]! < 250, column(left) && row(top), `${x},${y}: ${left},${top}`);
        }
      }
    }
  });

  test('offsets and gaps follow the dpr', async () => {
    const picture = await result(
      white,
      [
        { op: 'resize', width: 20, dpr: 2 },
        { op: 'watermark', source: 'test:mark', gravity: { type: 'compass', at: 'north-west', x: 3, y: 4 } },
      ],
      marks,
    );
    assert.deepEqual(marked(picture), [6, 8, 16, 14]);
  });

  test('goes on every frame of an animation that is rendered as one stack', async () => {
    const stack = draw({ width: 20, height: 3 * 16 }, () => [255, 255, 255]);
    const step: PlannedStep = {
      step: 'watermark',
      source: 'test:mark',
      opacity: 1,
      placement: { gravity: { type: 'compass', at: 'south-east', x: 1, y: 1 }, factor: 1 },
    };
    const chain = await operations.watermark.renders.watermark.render(opened(stack), step, {
      size: { width: 20, height: 16 },
      frames: 3,
      grey: false,
      open: () => opened(marks['test:mark']),
    });
    const { data } = await chain.removeAlpha().raw().toBuffer({ resolveWithObject: true });
    const isMark = (x: number, y: number) => data[(y * 20 + x) * 3 + 1]! < 250;
    for (const frame of [0, 16, 32]) {
      assert.deepEqual(
        [isMark(9, frame + 9), isMark(18, frame + 14), isMark(19, frame + 14), isMark(9, frame + 8)],
        [true, true, false, false],
      );
    }
  });

  test('a grey mark with transparency keeps both', async () => {
    const grey = { 'test:mark': draw({ width: 10, height: 6 }, (x) => [50, x < 5 ? 0 : 255]) };
    const laid = await result(white, [{ op: 'watermark', source: 'test:mark' }], grey);
    assert.deepEqual(
      [at(laid, 17, 15).slice(0, 3), at(laid, 24, 15).slice(0, 3)],
      [
        [255, 255, 255],
        [50, 50, 50],
      ],
    );
  });
});
