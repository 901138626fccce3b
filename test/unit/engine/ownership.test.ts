import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import sharp from 'sharp';
import { ownershipTexts } from '../../../src/engine/job/ownership.ts';
import { setUpSharp } from '../../../src/engine/job/sharp-process.ts';
import { transform } from '../../../src/engine/job/transform.ts';
import { jobOf } from '../../support/engine-jobs.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

setUpSharp();

type Entry = readonly [tag: number, type: number, text: Buffer];

/** A TIFF structure with one directory. */
function exif(entries: readonly Entry[], little: boolean): Buffer {
  const values = 8 + 2 + entries.length * 12 + 4;
  const bytes = Buffer.alloc(values + entries.reduce((sum, [, , text]) => sum + text.length, 0));
  const u16 = (value: number, at: number) =>
    void (little ? bytes.writeUInt16LE(value, at) : bytes.writeUInt16BE(value, at));
  const u32 = (value: number, at: number) =>
    void (little ? bytes.writeUInt32LE(value, at) : bytes.writeUInt32BE(value, at));
  bytes.write(little ? 'II' : 'MM');
  u16(42, 2);
  u32(8, 4);
  u16(entries.length, 8);
  let free = values;
  entries.forEach(([tag, type, text], index) => {
    const at = 10 + index * 12;
    u16(tag, at);
    u16(type, at + 2);
    u32(text.length, at + 4);
    const inline = text.length <= 4;
    if (!inline) u32(free, at + 8);
    text.copy(bytes, inline ? at + 8 : free);
    if (!inline) free += text.length;
  });
  return bytes;
}

const entries: readonly Entry[] = [
  [0x010e, 2, Buffer.from('a description\0')],
  [0x013b, 2, Buffer.from('Zoë\0')],
  [0x8298, 2, Buffer.from('Jane Doe\0The Editor\0')],
];

test('reads copyright and artist in both byte orders, with and without the mark of JPEG', () => {
  const texts = { Artist: 'Zoë', Copyright: 'Jane Doe The Editor' };
  for (const little of [true, false]) {
    const block = exif(entries, little);
    assert.deepEqual(ownershipTexts(block), texts);
    assert.deepEqual(ownershipTexts(Buffer.concat([Buffer.from('Exif\0\0'), block])), texts);
  }
});

test('what is empty, of another type or elsewhere is left out', () => {
  assert.deepEqual(
    ownershipTexts(
      exif(
        [
          [0x8298, 2, Buffer.from(' \0')],
          [0x013b, 7, Buffer.from('binary')],
        ],
        true,
      ),
    ),
    {},
  );
  const outside = exif(entries, true);
  outside.writeUInt32LE(1e9, 10 + 24 + 8);
  assert.deepEqual(ownershipTexts(outside), {});
});

test('any bytes give an answer', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.boolean(), (bytes, prefixed) => {
      const block = prefixed ? Buffer.concat([Buffer.from('II*\0\x08\0\0\0'), bytes]) : bytes;
      assert.equal(typeof ownershipTexts(block), 'object');
    }),
  );
});

/** In ASCII, which is all that libvips writes into EXIF: other letters become the nearest ones there. */
const owned = { Copyright: 'Jane Doe <jane@example.com> & others', Artist: 'Zoe Roe' };

/** The texts of a result, wherever its format has them. */
async function ownershipIn(bytes: Uint8Array): Promise<string> {
  const { exif, xmp } = await sharp(bytes).metadata();
  const texts = exif === undefined ? {} : ownershipTexts(exif);
  return [...Object.values(texts), xmp?.toString() ?? ''].join('\n');
}

test('copyright and artist go along into every format that has a place for them', async (t) => {
  const original = await sharp({ create: { width: 8, height: 8, channels: 3, background: 'teal' } })
    .withExif({ IFD0: owned })
    .jpeg()
    .toBuffer();
  for (const format of ['jpeg', 'png', 'webp', 'avif'])
    await t.test(format, async () => {
      const { bytes } = await transform(jobOf({ of: original, format }));
      const text = await ownershipIn(bytes);
      assert.ok(text.includes(owned.Copyright) && text.includes(owned.Artist), text);
    });
  await t.test('tiff, as XMP', async () => {
    const { bytes } = await transform(jobOf({ of: original, format: 'tiff' }));
    const { xmp } = await sharp(bytes).metadata();
    const text = xmp?.toString() ?? '';
    assert.match(
      text,
      /<dc:rights>.*Jane Doe &lt;jane@example\.com&gt; &amp; others<.*<dc:creator>.*Zoe Roe</s,
    );
  });
  await t.test('unless it is to name nobody', async () => {
    const { bytes } = await transform(jobOf({ of: original, format: 'tiff', output: { copyright: false } }));
    assert.equal(await ownershipIn(bytes), '');
  });
});

test('copyright and artist of a TIFF file are kept, read from a path and from bytes', async (t) => {
  const plain = await sharp({ create: { width: 8, height: 8, channels: 3, background: 'teal' } })
    .tiff({ compression: 'none' })
    .toBuffer();
  const tiff = withTexts(plain, owned);
  const file = path.join(await temporaryFolder(t), 'owned.tiff');
  await writeFile(file, tiff);
  const { request, limits } = jobOf({ of: tiff, format: 'png' });
  for (const input of [{ bytes: tiff }, { path: file }]) {
    const { bytes } = await transform({ request, limits, inputs: { [request.source]: input } });
    assert.deepEqual(ownershipTexts((await sharp(bytes).metadata()).exif!), owned);
  }
});

/** A TIFF of sharp's, whose directory is written anew at its end with two tags more. */
function withTexts(tiff: Buffer, { Copyright, Artist }: typeof owned): Buffer {
  assert.equal(tiff.toString('latin1', 0, 2), 'II');
  const directory = tiff.readUInt32LE(4);
  const count = tiff.readUInt16LE(directory);
  const old = Array.from({ length: count }, (_, index) =>
    tiff.subarray(directory + 2 + index * 12, directory + 14 + index * 12),
  );
  const start = tiff.length;
  let free = start + 2 + (count + 2) * 12 + 4;
  const texts = [
    { tag: 0x013b, text: Buffer.from(`${Artist}\0`) },
    { tag: 0x8298, text: Buffer.from(`${Copyright}\0`) },
  ];
  const added = texts.map(({ tag, text }) => {
    const entry = Buffer.alloc(12);
    entry.writeUInt16LE(tag, 0);
    entry.writeUInt16LE(2, 2);
    entry.writeUInt32LE(text.length, 4);
    entry.writeUInt32LE(free, 8);
    free += text.length;
    return entry;
  });
  const entries = [...old, ...added].toSorted((a, b) => a.readUInt16LE(0) - b.readUInt16LE(0));
  const head = Buffer.from(tiff);
  head.writeUInt32LE(start, 4);
  const length = Buffer.alloc(2);
  length.writeUInt16LE(entries.length);
  return Buffer.concat([head, length, ...entries, Buffer.alloc(4), ...texts.map(({ text }) => text)]);
}
