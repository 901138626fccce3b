import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import sharp from 'sharp';
import { decodeBmp } from '../../../../src/engine/codecs/bmp/decode.ts';
import { encodeBmp } from '../../../../src/engine/codecs/bmp/encode.ts';
import { readBmpHeader } from '../../../../src/engine/codecs/bmp/header.ts';
import { fixture } from '../../../support/engine-jobs.ts';

const original = () => sharp(fixture('bitmap.png')).raw().toBuffer();
const load = (name: string) => readFile(fixture(`${name}.bmp`));

/** Largest difference to the original that the depth allows: half a step, and rounding. */
const depths: Readonly<Record<string, number>> = {
  '24': 0,
  core: 0,
  'top-down': 0,
  '32': 0,
  '16': 8,
  '565': 8,
};

test('true colours are those of the original', async (t) => {
  const expected = await original();
  for (const [name, step] of Object.entries(depths)) {
    await t.test(name, async () => {
      const pixels = decodeBmp(await load(name));
      assert.deepEqual([pixels.width, pixels.height, pixels.channels], [23, 17, 3]);
      const worst = pixels.data.reduce(
        (most, value, at) => Math.max(most, Math.abs(value - expected[at]!)),
        0,
      );
      assert.ok(worst <= step, `differs by ${worst}`);
    });
  }
});

test('alpha masks are read, also where nothing is set; without one the fourth byte means nothing', async () => {
  const bytes = await load('32-alpha');
  const { data, channels } = decodeBmp(bytes);
  assert.equal(channels, 4);
  assert.deepEqual([data[3], data[22 * 4 + 3]], [0, 255]);
  const clear = Buffer.from(bytes);
  const { offset } = readBmpHeader(bytes);
  for (let at = offset + 3; at < clear.length; at += 4) clear[at] = 0;
  assert.ok(decodeBmp(clear).data.every((value, at) => at % 4 < 3 || value === 0));
  const unnamed = await load('32');
  assert.deepEqual([unnamed.readUInt32LE(14), unnamed.readUInt16LE(28)], [40, 32]);
  assert.equal(decodeBmp(unnamed).channels, 3);
});

test('what nobody can see is written and read as such', () => {
  const empty = { data: Buffer.alloc(5 * 3 * 4), width: 5, height: 3, channels: 4 as const };
  assert.deepEqual(decodeBmp(encodeBmp(empty)!), empty);
});

test('palettes: packed and run-length forms give the same picture', async () => {
  const expected = await original();
  const eight = decodeBmp(await load('8'));
  assert.deepEqual(decodeBmp(await load('rle8')).data, eight.data);
  // Red and green are cut to 3 bits, blue to 2.
  for (let at = 0; at < expected.length; at += 1) {
    assert.ok(Math.abs(eight.data[at]! - expected[at]!) <= (at % 3 === 2 ? 64 : 37), `${at}`);
  }
  const four = decodeBmp(await load('4'));
  assert.deepEqual(decodeBmp(await load('rle4')).data, four.data);
  const bright = (at: number) => (expected[at]! * 3 + expected[at + 1]! * 6 + expected[at + 2]!) / 10;
  const one = decodeBmp(await load('1'));
  for (let at = 0; at < expected.length; at += 3) {
    assert.ok(Math.abs(four.data[at]! - bright(at)) <= 17);
    if (Math.abs(bright(at) - 128) > 1) assert.equal(one.data[at], bright(at) >= 128 ? 255 : 0);
  }
});

test('impossible headers are refused', async () => {
  const bytes = await load('24');
  const refused = (change: (bytes: Buffer) => void) => {
    const changed = Buffer.from(bytes);
    change(changed);
    assert.throws(() => decodeBmp(changed), { code: 'IMAGE_BROKEN' });
  };
  refused((each) => each.writeUInt32LE(41, 14));
  refused((each) => each.writeInt32LE(0, 18));
  refused((each) => each.writeInt32LE(-5, 18));
  refused((each) => each.writeUInt16LE(7, 28));
  refused((each) => each.writeUInt32LE(4, 30));
  refused((each) => each.writeUInt32LE(1, 30));
  refused((each) => each.writeUInt32LE(0xffffff00, 10));
  assert.throws(() => readBmpHeader(bytes.subarray(0, 20)), { code: 'IMAGE_BROKEN' });
});

test('what we write is read again, from the top, with alpha only where there is some', async () => {
  const { data, info } = await sharp(fixture('bitmap.png')).raw().toBuffer({ resolveWithObject: true });
  const opaque = { data, width: info.width, height: info.height, channels: info.channels };
  const written = encodeBmp(opaque)!;
  assert.deepEqual(decodeBmp(written), opaque);
  assert.deepEqual([written.readUInt32LE(14), written.readUInt16LE(28)], [40, 24]);
  assert.equal(written.readUInt32LE(2), written.length);

  const alpha = await sharp(fixture('alpha.png')).raw().toBuffer({ resolveWithObject: true });
  const clear = { ...opaque, data: alpha.data, width: 120, height: 80, channels: 4 as const };
  const deep = encodeBmp(clear)!;
  assert.deepEqual(decodeBmp(deep), clear);
  assert.deepEqual([deep.readUInt32LE(14), deep.readUInt16LE(28)], [108, 32]);
});

test('grey is written in colours; odd widths are padded; sizes the header cannot say are refused', () => {
  const grey = encodeBmp({ data: Buffer.from([10, 20, 30]), width: 3, height: 1, channels: 1 })!;
  assert.deepEqual([...decodeBmp(grey).data], [10, 10, 10, 20, 20, 20, 30, 30, 30]);
  assert.equal(grey.length, 54 + 12);
  const greyAlpha = encodeBmp({ data: Buffer.from([10, 200]), width: 1, height: 1, channels: 2 })!;
  assert.deepEqual([...decodeBmp(greyAlpha).data], [10, 10, 10, 200]);
  assert.equal(encodeBmp({ data: Buffer.alloc(0), width: 40_000, height: 40_000, channels: 4 }), null);
});
