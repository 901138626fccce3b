import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeBase64Url, encodeBase64Url } from '../../../src/lib/base64url.ts';

test('writes what Buffer writes and reads it back', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      const text = encodeBase64Url(bytes);
      assert.equal(text, Buffer.from(bytes).toString('base64url'));
      assert.deepEqual(decodeBase64Url(text), bytes);
    }),
  );
});

test('refuses foreign characters and impossible lengths', () => {
  for (const text of ['YQ==', 'YQ=', 'Y', 'YWJjZ', 'a+b/', 'YW Jj', 'YWJj\n', 'YWé', 'YW\u{1f600}']) {
    assert.equal(decodeBase64Url(text), null, text);
  }
});

test('spare bits of the last letter are ignored, as most decoders do', () => {
  assert.deepEqual(decodeBase64Url('YR'), Uint8Array.of(0x61));
});
