import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import sharp from 'sharp';
import type { Rect, Size } from '../../../src/core/geometry.ts';
import { toPixels } from '../../../src/engine/job/pixels.ts';
import { searchedSize, subjectWindow } from '../../../src/engine/job/subject.ts';
import { transform } from '../../../src/engine/job/transform.ts';
import { jobOf } from '../../support/engine-jobs.ts';
import { perceptualDistance } from '../../support/perceptual.ts';

/** A picture of shapes, drawn in units of its own size. */
const drawn = ({ width, height }: Size, shapes: string, ground = '#566270'): Promise<Buffer> =>
  sharp(
    Buffer.from(
      `<svg width="${width}" height="${height}"><rect width="100%" height="100%" fill="${ground}"/>${shapes}</svg>`,
    ),
  )
    .png()
    .toBuffer();

const fail = (error: unknown): never => {
  throw error;
};

async function find(picture: Buffer, whole: Size, window: Size): Promise<Rect> {
  const { width, height } = searchedSize(whole);
  const small = sharp(picture).resize(width, height, { fit: 'fill' }).flatten();
  return subjectWindow(await toPixels(small, { fail }), window, whole);
}

const holds = (window: Rect, { left, top, width, height }: Rect): boolean =>
  left >= window.left &&
  top >= window.top &&
  left + width <= window.left + window.width &&
  top + height <= window.top + window.height;

/** Somebody who stands: face above, clothes of one dull colour, bright shoes on a striped carpet below. */
const person = [
  '<rect x="262" y="150" width="76" height="330" fill="#3c4148"/>',
  '<ellipse cx="300" cy="95" rx="42" ry="55" fill="#d9a382"/>',
  '<path d="M258 80 q42 -80 84 0 z" fill="#2b2320"/>',
  '<circle cx="285" cy="90" r="6" fill="#222"/><circle cx="315" cy="90" r="6" fill="#222"/>',
  '<rect x="282" y="120" width="36" height="8" fill="#a33"/>',
  ...Array.from(
    { length: 6 },
    (_, at) => `<rect x="${at * 100}" y="540" width="50" height="20" fill="#777"/>`,
  ),
  '<rect x="255" y="480" width="40" height="24" fill="#fff"/><rect x="305" y="480" width="40" height="24" fill="#fff"/>',
].join('');
const face: Rect = { left: 258, top: 40, width: 84, height: 110 };

test('a wide window of somebody who stands keeps the face', async () => {
  const whole = { width: 600, height: 600 };
  const window = await find(await drawn(whole, person), whole, { width: 600, height: 200 });
  assert.ok(holds(window, face), JSON.stringify(window));
});

test('what stands out from its surroundings is kept', async (t) => {
  const whole = { width: 900, height: 300 };
  const checks = Array.from(
    { length: 36 },
    (_, at) =>
      `<rect x="${640 + (at % 6) * 20}" y="${90 + Math.floor(at / 6) * 20}" width="10" height="10" fill="#eee"/>`,
  ).join('');
  const cases = [
    { name: 'by its detail', shapes: checks, left: 640, width: 110 },
    {
      name: 'by its colour',
      shapes: '<circle cx="200" cy="150" r="50" fill="#d02010"/>',
      left: 150,
      width: 100,
    },
    {
      name: 'by its skin',
      shapes: '<circle cx="700" cy="150" r="50" fill="#c68e6a"/>',
      left: 650,
      width: 100,
    },
  ];
  for (const { name, shapes, left, width } of cases) {
    await t.test(name, async () => {
      const window = await find(await drawn(whole, shapes), whole, { width: 300, height: 300 });
      assert.ok(holds(window, { left, top: 100, width, height: 100 }), JSON.stringify(window));
    });
  }
});

test('skin is preferred to a plain object as bright', async () => {
  const whole = { width: 900, height: 300 };
  const shapes = (one: string, other: string) =>
    `<circle cx="150" cy="150" r="60" fill="${one}"/><circle cx="750" cy="150" r="60" fill="${other}"/>`;
  const window = { width: 300, height: 300 };
  const right = await find(await drawn(whole, shapes('#9a9a9a', '#c68e6a')), whole, window);
  const left = await find(await drawn(whole, shapes('#c68e6a', '#9a9a9a')), whole, window);
  assert.ok(left.left < 150 && right.left > 450, JSON.stringify({ left, right }));
});

test('where nothing stands out, the window begins at the left and the top', async () => {
  const whole = { width: 64, height: 128 };
  const flat = await drawn(whole, '');
  assert.deepEqual(await find(flat, whole, { width: 64, height: 64 }), {
    left: 0,
    top: 0,
    width: 64,
    height: 64,
  });
});

test('the same picture twice as large has the same subject', async () => {
  const small = { width: 600, height: 600 };
  const large = { width: 1200, height: 1200 };
  const picture = await drawn(small, person);
  const enlarged = await sharp(picture).resize(large).png().toBuffer();
  const one = await find(picture, small, { width: 600, height: 200 });
  const other = await find(enlarged, large, { width: 1200, height: 400 });
  // A cell is about 9 pixels of the small one.
  assert.ok(Math.abs(one.top - other.top / 2) <= 10, JSON.stringify({ one, other }));
});

test('a grey picture is searched by its detail', async () => {
  const whole = { width: 600, height: 200 };
  const picture = await drawn(
    whole,
    '<path d="M480 40 l20 40 l20 -40 l20 40 l20 -40" stroke="#fff" fill="none"/>',
  );
  const grey = await sharp(picture).toColourspace('b-w').png().toBuffer();
  const window = await find(grey, whole, { width: 200, height: 200 });
  assert.ok(window.left > 300, JSON.stringify(window));
});

test('every window lies inside of its picture and has the size that is asked for', () => {
  const length = fc.integer({ min: 1, max: 3000 });
  fc.assert(
    fc.property(
      length,
      length,
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.boolean(),
      (width, height, share, wide) => {
        const whole = { width, height };
        const cut = (side: number) => Math.max(1, Math.round(side * share));
        const window = wide ? { width, height: cut(height) } : { width: cut(width), height };
        const size = searchedSize(whole);
        assert.ok(Math.max(size.width, size.height) <= 256);
        // Any pixels will do.
        const data = Buffer.from(
          Uint8Array.from({ length: size.width * size.height * 3 }, (_, at) => (at * 7919) % 251),
        );
        const found = subjectWindow({ data, ...size, channels: 3 }, window, whole);
        assert.ok(holds({ left: 0, top: 0, ...whole }, found), JSON.stringify({ whole, found }));
        assert.deepEqual([found.width, found.height], [window.width, window.height]);
      },
    ),
    { numRuns: 40 },
  );
});

test('the engine cuts the subject out, upright, and scales it', async () => {
  const picture = await drawn({ width: 600, height: 600 }, person);
  // Stored on its side, with the EXIF tag that says so.
  const turned = await sharp(picture).rotate(270).withMetadata({ orientation: 6 }).jpeg().toBuffer();
  for (const original of [picture, turned]) {
    const { bytes, width, height } = await transform(
      jobOf({
        of: original,
        operations: [{ op: 'auto-orient' }, { op: 'reframe', width: 300, height: 100, smart: true }],
        format: 'png',
      }),
    );
    assert.deepEqual([width, height], [300, 100]);
    const { data, info } = await sharp(bytes).raw().toBuffer({ resolveWithObject: true });
    let skin = 0;
    for (let at = 0; at < data.length; at += info.channels) {
      if (data[at]! > 190 && data[at + 2]! < 160 && data[at + 1]! > 130) skin += 1;
    }
    // Half as large, the face has about 1300 pixels of skin.
    assert.ok(skin > 1000, String(skin));
  }
});

test('the subject of the first frame says where all frames of a moving picture are cut', async () => {
  const whole = { width: 90, height: 30 };
  const frames = await Promise.all(
    [70, 45, 20].map((x, at) =>
      drawn(whole, `<circle cx="${x}" cy="15" r="8" fill="#d0a080"/>`, `#4${at}5060`),
    ),
  );
  const window = await find(frames[0]!, whole, { width: 30, height: 30 });
  assert.ok(window.left > 45, JSON.stringify(window));
  const moving = await sharp(frames, { join: { animated: true } })
    .webp({ lossless: true })
    .toBuffer();
  const { bytes } = await transform(
    jobOf({
      of: moving,
      operations: [{ op: 'reframe', width: 30, height: 30, smart: true }],
      format: 'webp',
      output: { encoder: { webp: { lossless: true } } },
    }),
  );
  for (const [page, frame] of frames.entries()) {
    const expected = await sharp(frame).extract(window).png().toBuffer();
    assert.ok((await perceptualDistance(await sharp(bytes, { page }).png().toBuffer(), expected)) < 1);
  }
});
