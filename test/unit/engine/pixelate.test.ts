import assert from 'node:assert/strict';
import { test } from 'node:test';
import sharp from 'sharp';
import { setUpSharp } from '../../../src/engine/job/sharp-process.ts';
import { transform } from '../../../src/engine/job/transform.ts';
import type { Operation } from '../../../src/operations/index.gen.ts';
import { fixture, type JobSpec, jobOf } from '../../support/engine-jobs.ts';

setUpSharp();
const run = (spec: JobSpec) => transform(jobOf(spec));
const blocks: readonly Operation[] = [{ op: 'pixelate', size: 40 }];

/** Values of the first block, asserted to be the same in all of it. */
async function firstBlock(bytes: Uint8Array, options: { readonly depth: 'uchar' | 'ushort' }) {
  const stored = sharp(bytes, { ignoreIcc: true });
  const deep = options.depth === 'ushort';
  const { data, info } = await (deep ? stored.toColourspace('rgb16') : stored)
    .raw({ depth: options.depth })
    .toBuffer({ resolveWithObject: true });
  const values = deep ? new Uint16Array(Uint8Array.from(data).buffer) : data;
  const pixel = (x: number, y: number) => {
    const at = (y * info.width + x) * info.channels;
    return [...values.subarray(at, at + info.channels)];
  };
  assert.deepEqual(pixel(39, 39), pixel(0, 0));
  assert.notDeepEqual(pixel(40, 40), pixel(0, 0));
  return pixel(0, 0);
}

test('the blocks are those of the pixels, before and after other steps', async () => {
  const plain = await run({ of: 'photo.png', operations: blocks, format: 'png' });
  const { data } = await sharp(fixture('photo.png')).raw().toBuffer({ resolveWithObject: true });
  const mean = (channel: number) => {
    let sum = 0;
    for (let y = 0; y < 40; y += 1) for (let x = 0; x < 40; x += 1) sum += data[(y * 120 + x) * 3 + channel]!;
    return sum / 1600;
  };
  for (const [channel, value] of (await firstBlock(plain.bytes, { depth: 'uchar' })).entries())
    assert.ok(Math.abs(value - mean(channel)) <= 1, `${value} is not ${mean(channel)}`);

  const turned = await run({
    of: 'photo.png',
    operations: [{ op: 'flip', horizontal: true }, ...blocks, { op: 'flip', horizontal: true }],
    format: 'png',
  });
  assert.deepEqual(await pixels(turned.bytes), await pixels(plain.bytes));
  const padded = await run({
    of: 'photo.png',
    operations: [
      ...blocks,
      { op: 'padding', left: 7 },
      { op: 'crop', area: { left: 7, top: 0, width: 120, height: 80 } },
    ],
    format: 'png',
  });
  assert.deepEqual(await pixels(padded.bytes), await pixels(plain.bytes));
});

const pixels = (bytes: Uint8Array) => sharp(bytes).removeAlpha().raw().toBuffer();

test('sixteen bits stay sixteen', async () => {
  const { bytes } = await run({
    of: 'depth16.png',
    operations: blocks,
    format: 'png',
    output: { highDepth: true },
  });
  assert.equal((await sharp(bytes).metadata()).depth, 'ushort');
  const shallow = await run({ of: 'depth16.png', operations: blocks, format: 'png' });
  const expected = await firstBlock(shallow.bytes, { depth: 'uchar' });
  for (const [channel, value] of (await firstBlock(bytes, { depth: 'ushort' })).entries())
    assert.ok(Math.abs(value / 257 - expected[channel]!) <= 1.5);
  const grey = await run({
    of: 'grey16.png',
    operations: blocks,
    format: 'png',
    output: { highDepth: true },
  });
  const { depth, channels } = await sharp(grey.bytes).metadata();
  assert.deepEqual([depth, channels], ['ushort', 1]);
});

test('a profile and metadata that are kept stay, and colours stay those of the profile', async () => {
  const { bytes } = await run({
    of: 'adobe-rgb.jpg',
    operations: blocks,
    format: 'png',
    output: { profile: 'keep' },
  });
  const { icc } = await sharp(fixture('adobe-rgb.jpg')).metadata();
  assert.deepEqual((await sharp(bytes).metadata()).icc, icc);
  const untouched = await run({ of: 'adobe-rgb.jpg', format: 'png', output: { profile: 'keep' } });
  const stored = await sharp(untouched.bytes, { ignoreIcc: true }).raw().toBuffer();
  const [red] = await firstBlock(bytes, { depth: 'uchar' });
  assert.ok(Math.abs(red! - meanRed(stored, (await sharp(bytes).metadata()).width)) <= 1);

  const kept = await run({
    of: 'exif.jpg',
    operations: blocks,
    format: 'jpeg',
    output: { metadata: 'keep' },
  });
  assert.match(Buffer.from(kept.bytes).toString('latin1'), /secret place.*x:xmpmeta/s);
  const left = await run({ of: 'exif.jpg', operations: blocks, format: 'jpeg' });
  assert.match(Buffer.from(left.bytes).toString('latin1'), /Jane Doe/);
  assert.doesNotMatch(Buffer.from(left.bytes).toString('latin1'), /secret place|x:xmpmeta/);
});

function meanRed(data: Buffer, width: number): number {
  let sum = 0;
  for (let y = 0; y < 40; y += 1) for (let x = 0; x < 40; x += 1) sum += data[(y * width + x) * 3]!;
  return sum / 1600;
}

test('shades of grey stay one channel; a drawing and our own formats are pixelated as well', async () => {
  const grey = await run({ of: 'grey.png', operations: blocks, format: 'png' });
  assert.equal((await sharp(grey.bytes).metadata()).channels, 1);
  const drawing = Buffer.from(
    '<svg xmlns="http://www.w3.org/2000/svg" width="80" height="80"><rect width="20" height="80" fill="#fff"/><rect x="20" width="60" height="80"/></svg>',
  );
  const svg = await run({ of: drawing, operations: blocks, format: 'png' });
  assert.deepEqual(
    await firstBlock(svg.bytes, { depth: 'uchar' }).then((values) => values.slice(0, 3)),
    [127, 127, 127],
  );
  const bitmap = await run({ of: '24.bmp', operations: [{ op: 'pixelate', size: 100 }], format: 'bmp' });
  assert.deepEqual([bitmap.width, bitmap.height], [23, 17]);
});
