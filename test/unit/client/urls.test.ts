/** URLs the client builds, as the dialects read them. */
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { imageproxyUrl, imgproxyUrl, signUrl, variantName } from '../../../src/client/index.ts';
import { imageproxy } from '../../../src/dialects/imageproxy/dialect.ts';
import { imageproxySettings } from '../../../src/dialects/imageproxy/settings.ts';
import { imgproxy } from '../../../src/dialects/imgproxy/dialect.ts';
import { imgproxySettings } from '../../../src/dialects/imgproxy/settings.ts';
import type { ParsedRequest, RequestTarget } from '../../../src/request/dialect.ts';

const key = '943b421c9eb07c830af81030552c86009268de4e532ba2ee2eab8247c6da0881';
const salt = '520f986b998545b4785e0defbc4f3c1203f22de2374a3d53cb7a7fe9fea309c5';

function target(raw: string): RequestTarget {
  const [path = '', ...query] = raw.split('?');
  return { raw, path, query: query.join('?') };
}

const signedImgproxy = imgproxySettings.parse({ keys: [{ key, salt }] });
const readImgproxy = (url: string): ParsedRequest => imgproxy.parse(target(url), signedImgproxy, {});

const signedImageproxy = imageproxySettings.parse({
  keys: [{ text: 'secret' }],
  requireOptionSignature: true,
});
const readImageproxy = (url: string): ParsedRequest => imageproxy.parse(target(url), signedImageproxy, {});

/** What the server compares. */
function fits({ grant }: ParsedRequest, sign: (message: string) => string): boolean {
  return grant.type === 'hmac' && grant.signature === sign(grant.message);
}
const signOfImgproxy = (message: string) =>
  createHmac('sha256', Buffer.from(key, 'hex'))
    .update(Buffer.from(salt, 'hex'))
    .update(message)
    .digest('base64url');
const signOfImageproxy = (message: string) =>
  createHmac('sha256', 'secret').update(message).digest('base64url');

const addresses = fc
  .tuple(fc.webUrl({ withQueryParameters: true }), fc.webPath())
  .map(([url, more]) => `${url}${url.includes('?') ? '' : more}`);

test('imgproxy: source, options and signature are read as they were meant', async () => {
  const options = { rs: ['fill', 300, 200, true], g: 'no', q: 60, fn: 'a picture, 50%', dpr: undefined };
  const parsed = readImgproxy(
    await imgproxyUrl(
      { source: 'https://a.example/b c@2x.jpg?v=1#x', options, format: 'webp' },
      { keys: { key, salt } },
    ),
  );
  assert.equal(parsed.image.source, 'https://a.example/b c@2x.jpg?v=1#x');
  assert.equal(parsed.image.output.format.exact, 'webp');
  assert.equal(parsed.image.output.quality, 60);
  assert.equal(parsed.delivery.filename, 'a picture, 50%');
  assert.ok(fits(parsed, signOfImgproxy));
  const resize = parsed.image.operations.find(({ op }) => op === 'resize');
  assert.deepEqual(resize?.op === 'resize' && [resize.type, resize.width, resize.height, resize.enlarge], [
    'fill',
    300,
    200,
    true,
  ]);
});

test('imgproxy: any source in either encoding', async () => {
  const encodings = fc.constantFrom('plain' as const, 'base64' as const);
  const property = fc.asyncProperty(addresses, encodings, async (source, encoding) => {
    const url = await imgproxyUrl({ source, encoding, options: { w: 10 } }, { keys: { key, salt } });
    const parsed = readImgproxy(url);
    assert.equal(parsed.image.source, source);
    assert.ok(fits(parsed, signOfImgproxy));
  });
  await fc.assert(property, { numRuns: 200 });
});

test('imgproxy: unsigned, behind an address, and with a short signature', async () => {
  const picture = { source: 'local:///a.png' };
  assert.equal(
    await imgproxyUrl(picture, { base: 'https://i.example/img/' }),
    'https://i.example/img/unsafe/plain/local%3A%2F%2F%2Fa.png',
  );
  const [, signature = ''] = (await imgproxyUrl(picture, { keys: { key, salt, size: 8 } })).split('/');
  assert.equal(signature.length, 11);
  await assert.rejects(imgproxyUrl(picture, { keys: { key: 'xyz', salt } }), {
    name: 'TypeError',
    message: 'the key is not hexadecimal',
  });
});

test('imageproxy: any source, signed with its options', async () => {
  const property = fc.asyncProperty(addresses, fc.integer({ min: 1, max: 4000 }), async (source, width) => {
    const options = { width, fit: true, validUntil: 4_102_444_800 };
    const parsed = readImageproxy(await imageproxyUrl({ source, options }, { key: 'secret' }));
    assert.ok(fits(parsed, signOfImageproxy), source);
    assert.equal(parsed.delivery.expiresAt, 4_102_444_800);
    const plain = readImageproxy(`/${width}x,fit/${encodeURIComponent(source)}`);
    assert.equal(parsed.image.source, plain.image.source);
    assert.deepEqual(parsed.image.operations, plain.image.operations);
  });
  await fc.assert(property, { numRuns: 200 });
});

test('imageproxy: a source that is no URL cannot be signed', async () => {
  for (const source of ['http://[', 'cat.jpg', '', 'ftp://a.example/b']) {
    await assert.rejects(imageproxyUrl({ source }, { key: 'secret' }), TypeError, source);
  }
  assert.equal(await imageproxyUrl({ source: 'cat.jpg' }), '/0x0/cat.jpg');
});

test('image-server: names of variants', () => {
  assert.equal(variantName({ width: 300, format: 'jpg' }), 'w300.jpg');
  assert.equal(variantName({ width: 300, height: 200, quality: 50, format: 'webp' }), '300x200-q50.webp');
  assert.equal(variantName({ square: 300, format: 'png' }), 'x300.png');
  assert.equal(variantName({ quality: 10, format: 'jpg' }), 'full_size-q10.jpg');
  assert.equal(variantName('original'), 'original');
  const wrong = [
    { height: 200, format: 'jpg' },
    { square: 200, width: 3, format: 'jpg' },
    { width: 0, format: 'jpg' },
    { width: 1.5, format: 'jpg' },
    { width: 1, quality: 101, format: 'jpg' },
    { width: 1, format: '../x' },
    '',
    '..',
    'a/b',
    'a,b',
    'a\nb',
  ];
  for (const each of wrong) assert.throws(() => variantName(each), /./, JSON.stringify(each));
});

test('image-server: any path comes back from a signed URL', async () => {
  const letters = fc.string({ unit: 'grapheme-composite', minLength: 1, maxLength: 12 });
  const property = fc.asyncProperty(letters, async (name) => {
    const path = `/products/${name.replace(/^\.{1,2}$/, 'dots')}`;
    const url = await signUrl({ secret: 's', path, base: 'http://a.example', expires: 4_102_444_800 });
    const [before = '', query = ''] = url.slice('http://a.example'.length).split('?');
    assert.equal(decodeURIComponent(before), path);
    assert.equal(new URLSearchParams(query).get('X-Path'), path);
    assert.match(url, /^[\x21-\x7e]+$/);
  });
  await fc.assert(property, { numRuns: 300 });
});

test('image-server: what cannot be signed is refused', async () => {
  await assert.rejects(signUrl({ secret: '', path: '/a' }), TypeError);
  await assert.rejects(signUrl({ secret: 's', path: 'a' }), TypeError);
  await assert.rejects(signUrl({ secret: 's', path: '/a', expires: 1.5 }), RangeError);
  await assert.rejects(signUrl({ secret: 's', path: '/a', ttlSeconds: Number.NaN }), RangeError);
});

test('image-server: good for a quarter of an hour unless something else is said', async () => {
  const expiry = async (more: object) =>
    /X-Expires=(\d+)/.exec(await signUrl({ secret: 's', path: '/a', now: 1_700_000_000_900, ...more }))?.[1];
  assert.equal(await expiry({}), '1700000900');
  assert.equal(await expiry({ ttlSeconds: 0.3 }), '1700000001');
});
