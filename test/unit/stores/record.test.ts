import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { decodeHead, decodeRecord, encodeRecord, type StoredRecord } from '../../../src/stores/fs/record.ts';

const inlineRecord = (key: string, meta: Record<string, unknown>, body: Uint8Array): StoredRecord => ({
  key,
  meta,
  size: body.byteLength,
  sum: crc32(body),
  body: { bytes: body },
});

const fileOf = (record: StoredRecord): Buffer => encodeRecord(record);

const sample = inlineRecord(
  'cafe0001',
  { type: 'image/png', n: 1 },
  Buffer.from('the body of a small picture'),
);

describe('record file', () => {
  it('gives back any key, meta and body', () => {
    const anyMeta = fc.dictionary(fc.string(), fc.jsonValue(), { noNullPrototype: true });
    fc.assert(
      fc.property(fc.string(), anyMeta, fc.uint8Array({ maxLength: 2_000 }), (key, meta, body) => {
        const record = decodeRecord(fileOf(inlineRecord(key, meta, body)));
        assert.ok(record !== null && 'bytes' in record.body);
        assert.equal(record.key, key);
        assert.deepEqual(record.meta, JSON.parse(JSON.stringify(meta)));
        assert.deepEqual([...record.body.bytes], [...body]);
      }),
      { numRuns: 100 },
    );
  });

  it('names a body of its own', () => {
    const record = { ...sample, body: { name: '0123456789abcdef' } };
    assert.deepEqual(decodeRecord(fileOf(record)), record);
  });

  it('is refused at every shorter length', () => {
    for (const file of [fileOf(sample), fileOf({ ...sample, body: { name: '0123456789abcdef' } })]) {
      for (let length = 0; length < file.byteLength; length += 1) {
        assert.equal(decodeRecord(file.subarray(0, length)), null, `${length} of ${file.byteLength} bytes`);
      }
    }
  });

  it('is refused with any bit turned, and with bytes after its end', () => {
    const file = fileOf(sample);
    for (let bit = 0; bit < file.byteLength * 8; bit += 1) {
      const damaged = Buffer.from(file);
      damaged[bit >> 3]! ^= 1 << (bit & 7);
      assert.equal(decodeRecord(damaged), null, `bit ${bit}`);
    }
    assert.equal(decodeRecord(Buffer.concat([file, Buffer.from([0])])), null);
    assert.equal(decodeRecord(Buffer.alloc(file.byteLength)), null);
  });

  it('is refused when it names a body by anything but 16 hexadecimal digits', () => {
    for (const name of ['../../../etc/pass', '0123456789ABCDEF', '', '0123456789abcde/']) {
      assert.equal(decodeRecord(fileOf({ ...sample, body: { name } })), null, name);
    }
  });

  it('shows its head without the body, and says when it needs more bytes for that', () => {
    const file = fileOf(sample);
    const start = file.byteLength - sample.size;
    assert.equal(decodeHead(file.subarray(0, start - 1)), 'longer');
    const { body: _body, ...facts } = sample;
    assert.deepEqual(decodeHead(file.subarray(0, start)), { ...facts, bodyName: null });
    assert.equal(decodeHead(Buffer.from('not a record at all, only some text')), null);
  });
});
