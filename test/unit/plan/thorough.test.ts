/** Which pictures may be encoded once more, and how. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { thoroughRequest } from '../../../src/plan/thorough.ts';
import type { ImageRequest, OutputSpec } from '../../../src/request/image-request.ts';

const made = { mediaType: 'image/jpeg', width: 800, height: 600, animated: false };
const request = (output: OutputSpec): ImageRequest => ({ source: 'test:', operations: [], output });
const encoderOf = (output: OutputSpec, picture = made) =>
  thoroughRequest(request(output), picture)?.output.encoder;

test('each lossy format has its own way, at the quality it was asked for', () => {
  const output = { format: { negotiated: ['avif', 'webp'] }, formatQuality: { avif: 63, jpeg: 80 } };
  assert.deepEqual(encoderOf(output), {
    jpeg: { mozjpeg: true, optimiseCoding: true, quantisationTable: 0 },
  });
  assert.deepEqual(encoderOf(output, { ...made, mediaType: 'image/webp' }), { webp: { effort: 6 } });
  assert.deepEqual(encoderOf(output, { ...made, mediaType: 'image/avif' }), { avif: { effort: 4 } });
  const { encoder: _, ...rest } = thoroughRequest(request(output), made)!.output;
  assert.deepEqual(rest, output);
});

test('no surprises: nothing without loss, nothing that moves, nothing huge', () => {
  for (const mediaType of ['image/png', 'image/gif', 'image/tiff', 'image/svg+xml', 'image/unheard-of'])
    assert.equal(encoderOf({ format: {} }, { ...made, mediaType }), undefined, mediaType);
  assert.equal(encoderOf({ format: {} }, { ...made, animated: true }), undefined);
  assert.equal(encoderOf({ format: {} }, { ...made, width: 6000, height: 1001 }), undefined);
});

test('what the request says of the encoder wins; what costs no time may be said', () => {
  const webp = { ...made, mediaType: 'image/webp' };
  for (const options of [{ effort: 0 }, { lossless: true }, { nearLossless: true }])
    assert.equal(encoderOf({ format: {}, encoder: { webp: options } }, webp), undefined);
  for (const options of [{ mozjpeg: false }, { progressive: false }, { optimiseCoding: false }])
    assert.equal(encoderOf({ format: {}, encoder: { jpeg: options } }), undefined);
  assert.deepEqual(encoderOf({ format: {}, encoder: { webp: { effort: 0 }, jpeg: { progressive: true } } }), {
    webp: { effort: 0 },
    jpeg: { progressive: true, mozjpeg: true, optimiseCoding: true, quantisationTable: 0 },
  });
});

test('a quality that was chosen for a size in bytes, and originals that are handed over, stay as they are', () => {
  assert.equal(encoderOf({ format: {}, maxBytes: 1000 }), undefined);
  assert.equal(encoderOf({ format: {}, untouched: ['jpeg'] }), undefined);
  assert.notEqual(encoderOf({ format: {}, untouched: ['svg'] }), undefined);
});
