import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import sharp from 'sharp';
import { signalledColours } from '../../../src/engine/job/colour-signals.ts';
import { matrixProfile } from '../../../src/engine/job/matrix-profile.ts';
import { transform } from '../../../src/engine/job/transform.ts';
import { fixture, isNear, jobOf, patches } from '../../support/engine-jobs.ts';

const headBytes = 33;

function chunk(type: string, data: Buffer): Buffer {
  const bytes = Buffer.alloc(data.length + 12);
  bytes.writeUInt32BE(data.length);
  bytes.write(type, 4, 'latin1');
  data.copy(bytes, 8);
  bytes.writeUInt32BE(crc32(bytes.subarray(4, -4)), data.length + 8);
  return bytes;
}

const withChunks = (png: Buffer, ...chunks: readonly Buffer[]): Buffer =>
  Buffer.concat([png.subarray(0, headBytes), ...chunks, png.subarray(headBytes)]);

const numbers = (...list: readonly number[]): Buffer => {
  const bytes = Buffer.alloc(4 * list.length);
  for (const [index, number] of list.entries()) bytes.writeUInt32BE(number, 4 * index);
  return bytes;
};

/** The numbers of a fixture, without the profile that says what they mean. */
const bare = (name: string, format: 'png' | 'avif') =>
  sharp(fixture(name), { ignoreIcc: true })
    .toFormat(format, format === 'avif' ? { lossless: true } : {})
    .toBuffer();

/** Numbers of light in the curve of this gamma instead of that of sRGB. */
async function withGamma(name: string, gamma: number): Promise<Buffer> {
  const { data, info } = await sharp(fixture(name)).raw().toBuffer({ resolveWithObject: true });
  const light = (value: number) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
  const curved = data.map((value) => Math.round(255 * light(value / 255) ** (1 / gamma)));
  return sharp(curved, { raw: info }).png().toBuffer();
}

const p3 = Buffer.from([12, 13, 0, 1]);
const p3Places = [31270, 32900, 68000, 32000, 26500, 69000, 15000, 6000];

async function p3Avif(): Promise<Buffer> {
  const avif = await bare('p3.png', 'avif');
  avif.writeUInt16BE(12, avif.indexOf('colrnclx') + 8);
  return avif;
}

/** The profile in the file gives way to the numbers that say the same. */
function p3Heic(): Buffer {
  const heic = readFileSync(fixture('p3.heic'));
  const at = heic.indexOf('colrprof') + 4;
  heic.write('nclx', at, 'latin1');
  for (const [index, number] of [12, 13, 6].entries()) heic.writeUInt16BE(number, at + 4 + 2 * index);
  heic[at + 10] = 0x80;
  return heic;
}

const sources: Readonly<Record<string, () => Promise<Buffer>>> = {
  'PNG with cICP': async () => withChunks(await bare('p3.png', 'png'), chunk('cICP', p3)),
  'PNG with gAMA and cHRM': async () =>
    withChunks(
      await bare('p3.png', 'png'),
      chunk('gAMA', numbers(45455)),
      chunk('cHRM', numbers(...p3Places)),
    ),
  'PNG with a gAMA of its own': async () =>
    withChunks(await withGamma('srgb.png', 1.4), chunk('gAMA', numbers(Math.round(1e5 / 1.4)))),
  'PNG whose cICP stands above its gAMA': async () =>
    withChunks(await bare('p3.png', 'png'), chunk('gAMA', numbers(100_000)), chunk('cICP', p3)),
  'AVIF with nclx': p3Avif,
  'HEIC with nclx': async () => p3Heic(),
};

async function colourAt(bytes: Uint8Array, { x, y }: { x: number; y: number }): Promise<number[]> {
  const { data, info } = await sharp(bytes).raw().toBuffer({ resolveWithObject: true });
  const at = (Math.floor(y * info.height) * info.width + Math.floor(x * info.width)) * info.channels;
  return [...data.subarray(at, at + 3)];
}

for (const [name, make] of Object.entries(sources)) {
  test(`${name}: colours become sRGB, or keep a profile that says what they are`, async () => {
    const of = await make();
    const shown = await transform(jobOf({ of, format: 'png' }));
    for (const { colour, ...at } of patches) {
      const seen = await colourAt(shown.bytes, at);
      // HEIC halves its chroma.
      assert.ok(
        isNear(seen, colour, name.startsWith('HEIC') ? 6 : 3),
        `${seen.join()} is not ${colour.join()}`,
      );
    }
    assert.equal((await sharp(shown.bytes).metadata()).hasProfile, false);
    const kept = await transform(jobOf({ of, format: 'png', output: { profile: 'keep' } }));
    assert.equal((await sharp(kept.bytes).metadata()).hasProfile, true);
    const converted = await sharp(kept.bytes).toColourspace('srgb').png().toBuffer();
    assert.ok(isNear(await colourAt(converted, patches[0]!), patches[0]!.colour, 6));
  });
}

test('sRGB in any words, and what cannot be told by a profile, is left alone', async () => {
  const png = await bare('srgb.png', 'png');
  const signals = {
    'nothing said': [],
    'sRGB as cICP': [chunk('cICP', Buffer.from([1, 13, 0, 1]))],
    'sRGB above a gAMA': [chunk('sRGB', Buffer.from([0])), chunk('gAMA', numbers(100_000))],
    'the usual gAMA': [chunk('gAMA', numbers(45455))],
    'a gAMA of nothing': [chunk('gAMA', numbers(0))],
    PQ: [chunk('cICP', Buffer.from([9, 16, 0, 1]))],
    'primaries nobody knows': [chunk('cICP', Buffer.from([99, 13, 0, 1]))],
    'places that are no colours': [chunk('gAMA', numbers(45455)), chunk('cHRM', Buffer.alloc(32))],
  };
  for (const [what, chunks] of Object.entries(signals))
    assert.equal(signalledColours('png', withChunks(png, ...chunks)), null, what);
  assert.equal(signalledColours('avif', await bare('srgb.png', 'avif')), null);
  assert.equal(signalledColours('jpeg', withChunks(png, chunk('cICP', p3))), null);
});

test('no header makes it fail, and every profile is of numbers', () => {
  const start = Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex');
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 200 }),
      fc.constantFrom('png', 'avif', 'heic'),
      (bytes, format) => {
        const head =
          format === 'png' ? Buffer.concat([start, bytes]) : Buffer.concat([Buffer.from('colrnclx'), bytes]);
        const colours = signalledColours(format, head);
        if (colours !== null) assert.ok(matrixProfile(colours).length > 300);
      },
    ),
  );
});
