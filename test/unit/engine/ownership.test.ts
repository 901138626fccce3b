import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ownershipTexts } from '../../../src/engine/job/ownership.ts';

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
