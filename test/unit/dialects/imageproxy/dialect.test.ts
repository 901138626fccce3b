import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { PictorError } from '../../../../src/core/errors.ts';
import { imageproxy, targetOf } from '../../../../src/dialects/imageproxy/dialect.ts';
import { optionsText, parseOptions, urlOptions } from '../../../../src/dialects/imageproxy/options.ts';
import { imageproxySettings } from '../../../../src/dialects/imageproxy/settings.ts';
import { canonicalText, parseImageRequest } from '../../../../src/request/canonical.ts';
import type { ImageRequest } from '../../../../src/request/image-request.ts';

const plain = imageproxySettings.parse({});
const based = imageproxySettings.parse({ baseUrl: 'https://b.example/base/', scaleUp: true });
const signed = imageproxySettings.parse({ keys: [{ text: 'k' }] });
const refuses = (code: string) => (thrown: unknown) => thrown instanceof PictorError && thrown.code === code;
const read = (path: string, settings = plain) => imageproxy.parse(targetOf(path), settings, {});

const option = fc.oneof(
  fc.constantFrom(...urlOptions.filter(({ takesValue }) => !takesValue).map(({ word }) => word)),
  fc
    .tuple(
      fc.constantFrom(...urlOptions.filter(({ takesValue }) => takesValue).map(({ word }) => word)),
      fc.oneof(fc.integer().map(String), fc.double().map(String), fc.string({ maxLength: 6 })),
    )
    .map((pair) => pair.join('')),
  fc.tuple(fc.double(), fc.double()).map((pair) => pair.join('x')),
  fc.string({ maxLength: 6 }),
);
const segment = fc.array(option, { maxLength: 8 }).map((items) => items.join(',').replaceAll(/[/?#]/g, ''));

test('whatever is asked for, it is answered or refused by one of our errors', () => {
  const part = fc.oneof(
    segment,
    fc.constantFrom('http:', 'https:', '', '..', '.', '%', '%2F', 'http%3A%2F%2Fa', '?', '//', '@', '[', ':'),
    fc.string({ maxLength: 12 }),
    fc.webUrl(),
    fc.base64String(),
  );
  fc.assert(
    fc.property(
      fc.array(part, { maxLength: 6 }),
      fc.constantFrom(plain, based, signed),
      (parts, settings) => {
        try {
          parseImageRequest(read(`/${parts.join('/')}`, settings).image);
        } catch (thrown) {
          assert.ok(thrown instanceof PictorError && thrown.code === 'URL_INVALID', String(thrown));
        }
      },
    ),
    { numRuns: 3000 },
  );
});

test('the canonical text of options is their own canonical text', () => {
  fc.assert(
    fc.property(segment, (text) => {
      const canonical = optionsText(parseOptions(text));
      assert.equal(optionsText(parseOptions(canonical)), canonical);
    }),
    { numRuns: 2000 },
  );
});

test('a URL for a request gives the request', () => {
  fc.assert(
    fc.property(
      segment,
      fc.webUrl({ withQueryParameters: true }),
      fc.constantFrom(plain, based),
      (options, url, settings) => {
        const { image } = read(`/${encodeURIComponent(options)}/${url}`, settings);
        const canonical = imageproxy.format(image, settings);
        assert.equal(canonicalText(read(canonical, settings).image), canonicalText(image));
        assert.equal(imageproxy.format(read(canonical, settings).image, settings), canonical);
      },
    ),
    { numRuns: 1000 },
  );
});

test('what imageproxy URLs cannot say is refused, not bent', () => {
  const good = read('/100x,r90/http://a.example/b.jpg').image;
  assert.equal(imageproxy.format(good, plain), '/100x0,r90/http://a.example/b.jpg');
  const others: readonly ImageRequest[] = [
    { ...good, source: 'local:///b.jpg' },
    { ...good, source: 'http://a.example/b.jpg#part' },
    { ...good, operations: [...good.operations, { op: 'blur', sigma: 2 }] },
    { ...good, operations: good.operations.toReversed() },
    { ...good, output: { format: { exact: 'webp' } } },
    { ...good, output: { ...good.output, metadata: 'keep' } },
  ];
  for (const image of others) {
    assert.throws(() => imageproxy.format(image, plain), refuses('OPTION_INVALID'), JSON.stringify(image));
  }
});

test('an expiry goes along with the picture, a signature that covers it does too', () => {
  const { delivery, grant, image } = read('/vu1577836800,sAAAA/https://example.com/image', signed);
  assert.equal(delivery.expiresAt, 1577836800);
  assert.deepEqual(grant, {
    type: 'hmac',
    message: 'https://example.com/image#0x0,vu1577836800',
    orMessages: ['https://example.com/image'],
    signature: 'AAAA',
  });
  assert.deepEqual(image, read('/https://example.com/image').image);
});

test('where options must be signed, the URL alone is not enough', () => {
  const strict = imageproxySettings.parse({ keys: [{ text: 'k' }], requireOptionSignature: true });
  const { grant } = read('/100/https://example.com/image', strict);
  assert.deepEqual(grant, { type: 'hmac', message: 'https://example.com/image#100x100', signature: '' });
});

test('no URL of the length a server takes keeps the parser busy', { timeout: 20_000 }, () => {
  const run = (text: string) => text.repeat(Math.ceil(32_000 / text.length));
  for (const tail of [
    '=',
    'a',
    '%',
    '%25',
    '%E9',
    ':',
    '/',
    '../',
    'x',
    ',',
    '1x,',
    '@',
    '.',
    '%2F',
    'é',
    '[',
  ]) {
    for (const path of [`/${run(tail)}/x`, `/100/http://${run(tail)}/x`, `/100/http://a/${run(tail)}`]) {
      // Quadratic work over 32,000 letters takes a second; twenty times that for one path would end in the timeout.
      for (let turn = 0; turn < 20; turn++) answersOrRefuses(path);
    }
  }
});

function answersOrRefuses(path: string): void {
  try {
    read(path, based);
  } catch (thrown) {
    assert.ok(thrown instanceof PictorError, String(thrown));
  }
}
