import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PictorError } from '../../../src/core/errors.ts';
import { isForm, openFormFile } from '../../../src/service/multipart-upload.ts';

const type = 'multipart/form-data; boundary=edge';
const file = Buffer.from('\x89PNG\r\n\x1a\n the bytes of a picture, with --edge in them \r\n--edg');
const field = '--edge\r\nContent-Disposition: form-data; name="title"\r\n\r\na title\r\n';
const opening =
  '--edge\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\nContent-Type: image/png\r\n\r\n';
const form = Buffer.concat([Buffer.from(field + opening), file, Buffer.from('\r\n--edge--\r\n')]);

/** The bytes in pieces of this length, as a connection may bring them. */
async function* inPieces(bytes: Buffer, length: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += length) {
    await new Promise((resolve) => setImmediate(resolve));
    yield bytes.subarray(at, at + length);
  }
}

async function fileOf(body: AsyncIterable<Uint8Array>): Promise<{ mediaType: string; bytes: Buffer }> {
  const { mediaType, body: bytes } = await openFormFile(body, type);
  const chunks: Uint8Array[] = [];
  for await (const chunk of bytes) chunks.push(chunk);
  return { mediaType, bytes: Buffer.concat(chunks) };
}

const refused = (thrown: unknown) => thrown instanceof PictorError && thrown.code === 'UPLOAD_REFUSED';

test('the file of a form, however the connection cuts it', async () => {
  for (const length of [1, 2, 7, 61, form.length])
    assert.deepEqual(await fileOf(inPieces(form, length)), { mediaType: 'image/png', bytes: file });
});

test('a form that is cut off anywhere is refused, and never taken for whole', async () => {
  for (let end = 0; end < form.length - '--\r\n'.length; end += 1)
    await assert.rejects(fileOf(inPieces(form.subarray(0, end), 16)), refused, `${end} bytes`);
});

test('no file, two files, no boundary, no form at all', async () => {
  const closed = (...parts: string[]) => inPieces(Buffer.from(`${parts.join('')}--edge--\r\n`), 32);
  await assert.rejects(fileOf(closed(field)), refused);
  await assert.rejects(fileOf(closed(`${opening}one\r\n`, `${opening}two\r\n`)), refused);
  await assert.rejects(fileOf(inPieces(Buffer.from('what is this'), 5)), refused);
  await assert.rejects(openFormFile(inPieces(form, 32), 'multipart/form-data'), refused);
});

test('what breaks the body is told, not what that does to the form', async () => {
  const broken = new PictorError('UPLOAD_CUT_OFF');
  async function* breaking() {
    yield* inPieces(form.subarray(0, 200), 16);
    throw broken;
  }
  await assert.rejects(fileOf(breaking()), broken);
  async function* breakingEarly() {
    yield Buffer.from('--ed');
    throw broken;
  }
  await assert.rejects(fileOf(breakingEarly()), broken);
});

test('a reader that stops early lets go of the form', async () => {
  const { body } = await openFormFile(inPieces(form, 8), type);
  const first = await body[Symbol.asyncIterator]().next();
  assert.equal(first.done, false);
  for await (const chunk of (await openFormFile(inPieces(form, 8), type)).body) {
    assert.ok(chunk.length > 0);
    break;
  }
});

test('which types are forms', () => {
  assert.equal(isForm('multipart/form-data; boundary=x'), true);
  assert.equal(isForm('Multipart/Form-Data'), true);
  assert.equal(isForm('multipart/form-database'), false);
  assert.equal(isForm('image/png'), false);
});
