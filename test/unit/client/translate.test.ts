/** A picture said in one URL language and then in another is the same picture. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  type TranslationPlace,
  translatePicture,
  type WriterName,
  writerNames,
} from '../../../src/client/translate/translate.ts';
import { type WishedPicture, wishOf } from '../../../src/client/translate/wish.ts';
import { PictorError } from '../../../src/core/errors.ts';
import { type DialectName, dialectLoaders } from '../../../src/dialects/index.gen.ts';
import type { Dialect, ParsedRequest } from '../../../src/request/dialect.ts';

const loaded = new Map<string, { dialect: Dialect<unknown>; settings: unknown }>();
for (const name of Object.keys(dialectLoaders) as DialectName[]) {
  const { dialect, settings } = await dialectLoaders[name]();
  // As started with a list of extensions that names all of them.
  const values = name === 'image-server' ? { extensions: [] } : {};
  loaded.set(name, { dialect, settings: settings.parse(values) });
}

function read(name: DialectName, raw: string): ParsedRequest {
  const [path = '', ...query] = raw.split('?');
  const { dialect, settings } = loaded.get(name)!;
  return dialect.parse({ raw, path, query: query.join('?') }, settings, {});
}

const place: TranslationPlace = { bucket: 'photos', prefix: 'base/' };
const folder = '/products/6e0/072/682/e66287b662827da75b244a3';
const key = `s3%3A%2F%2Fphotos%2Fbase%2Fproducts%2F6e0%2F072%2F682%2Fe66287b662827da75b244a3%2Foriginal`;

const vectors: readonly (readonly [DialectName, string, WriterName, string, number?])[] = [
  [
    'vip',
    '/photos/0a1b-10x10?s=500',
    'imgproxy',
    '/unsafe/rs:fit:500:0/bg:0:0:0/q:80/plain/s3%3A%2F%2Fphotos%2F0a1b-10x10@jpg',
  ],
  [
    'vip',
    '/photos/a.jpg?s=250&c=true',
    'imgproxy',
    '/unsafe/rs:fill:250:250/q:80/plain/s3%3A%2F%2Fphotos%2Fa.jpg@jpg',
    1,
  ],
  ['vip', '/photos/0a1b-10x10', 'imgproxy', '/unsafe/raw:1/plain/s3%3A%2F%2Fphotos%2F0a1b-10x10'],
  ['imgproxy', '/unsafe/w:500/plain/s3://photos/0a1b@jpg', 'vip', '/photos/0a1b?s=500', 1],
  ['imgproxy', '/unsafe/rs:fill:9:9/q:60/plain/s3://photos/0a1b@jpg', 'vip', '/photos/0a1b?s=9&c=true', 3],
  [
    'imageproxy',
    '/150,fit,r90,q60/https://a.test/b.jpg',
    'imgproxy',
    '/unsafe/rs:fit:150:150/rot:270/q:60/plain/https%3A%2F%2Fa.test%2Fb.jpg',
  ],
  ['imageproxy', '//https://a.test/b.jpg', 'imgproxy', '/unsafe/raw:1/plain/https%3A%2F%2Fa.test%2Fb.jpg'],
  [
    'imgproxy',
    '/unsafe/rot:90/rs:fill:300:200/g:sm/plain/https://a.test/b.jpg@png',
    'imageproxy',
    '/200x300,png,r270,sc/https%3A%2F%2Fa.test%2Fb.jpg',
    1,
  ],
  [
    'image-server',
    `${folder}/300x200-q50.webp`,
    'imgproxy',
    `/unsafe/rs:fill:300:200:1/bg:255:255:255/q:50/plain/${key}@webp`,
    1,
  ],
  ['image-server', `${folder}/original`, 'imgproxy', `/unsafe/raw:1/plain/${key}`],
  ['imgproxy', `/unsafe/rs:fill:30:30:1/q:50/plain/${key}@webp`, 'image-server', `${folder}/x30-q50.webp`, 2],
  ['imgproxy', `/unsafe/w:30/plain/${key}`, 'image-server', `${folder}/w30-q80.jpg`, 4],
  [
    's3imageserver',
    '/a.jpg?w=300&h=200&f=png',
    'imgproxy',
    '/unsafe/rs:fill:300:200/plain/s3%3A%2F%2Fphotos%2Fbase%2Fa.jpg@png',
    1,
  ],
  [
    'imgproxy',
    '/unsafe/rs:fit:300:200/q:75/plain/s3://photos/base/a.jpg@webp',
    's3imageserver',
    '/a.jpg?w=300&h=200&c=false&f=webp',
  ],
  ['vip', '/shop/b%3Fc.jpg?s=3', 'vip', '/shop/b%3Fc.jpg?s=3'],
  ['imgproxy', '/unsafe/w:3/q:80/plain/S3://a/b.jpg', 'vip', '/a/b.jpg?s=3'],
  // What the original is says what comes out where no format is named.
  ['imgproxy', '/unsafe/w:300/q:75/plain/s3://photos/base/a.jpg', 's3imageserver', '/a.jpg?w=300&f=jpg'],
  ['imgproxy', '/unsafe/w:300/plain/s3://photos/base/a.png', 's3imageserver', '/a.png?w=300&f=png'],
  ['s3imageserver', '/a.gif?w=50&f=jpg', 'imgproxy', '/unsafe/raw:1/plain/s3%3A%2F%2Fphotos%2Fbase%2Fa.gif'],
  ['imgproxy', '/unsafe/raw:1/plain/s3://photos/base/a.gif', 's3imageserver', '/a.gif'],
  [
    'imgproxy',
    '/unsafe/skp:jpg/w:100/plain/https://a.test/b.jpg',
    'imageproxy',
    '/0x0/https%3A%2F%2Fa.test%2Fb.jpg',
  ],
  [
    'imgproxy',
    '/unsafe/ar:0/bg:1:2:3/w:9/fn:a%20b/att:1/exp:9999999999/plain/s3://a/b@png',
    'imgproxy',
    '/unsafe/rs:fit:9:0/ar:0/bg:1:2:3/fn:YSBi:1/att:1/exp:9999999999/plain/s3%3A%2F%2Fa%2Fb@png',
  ],
  [
    'imageproxy',
    '/9x9,fit,jpeg,scaleUp/https://a.test/b.png',
    'imgproxy',
    '/unsafe/rs:fit:9:9/bg:0:0:0/q:95/plain/https%3A%2F%2Fa.test%2Fb.png@jpg',
  ],
];

for (const [from, url, to, expected, notes = 0] of vectors) {
  test(`${from} ${url} in ${to}`, async () => {
    const translation = await translatePicture(read(from, url), to, place);
    assert.equal(translation.url, expected);
    assert.equal(translation.notes.length, notes, translation.notes.join('\n'));
  });
}

test('what another language cannot say is refused with the reason', async () => {
  for (const [from, url, to, reason] of [
    ['imgproxy', '/unsafe/blur:3/plain/https://a.test/b.jpg', 'imageproxy', /blur/],
    ['imgproxy', `/unsafe/w:3/plain/${encodeURIComponent('s3://a/b.jpg?v1')}@jpg`, 'vip', /version/],
    ['vip', '/shop/b%3Fc.jpg?s=3', 'imgproxy', /version/],
    ['imgproxy', '/unsafe/rs:force:3:0/plain/https://a.test/b.jpg', 'imageproxy', /one side/],
    [
      'imgproxy',
      '/unsafe/w:10001/plain/s3://a/n/6e0/072/682/e66287b662827da75b244a3/original',
      'image-server',
      /10000/,
    ],
    ['imgproxy', '/unsafe/w:3/plain/s3://a/b.gif', 's3imageserver', /GIFs/],
    ['imgproxy', '/unsafe/rs:auto:3:3/plain/https://a.test/b.jpg', 'imageproxy', /auto/],
    ['imgproxy', '/unsafe/g:no/rs:fill:3:3/plain/https://a.test/b.jpg', 'imageproxy', /gravity/],
    ['imgproxy', '/unsafe/w:3/plain/https://a.test/b.jpg@avif', 'imageproxy', /avif/],
    ['imgproxy', '/unsafe/w:3/plain/s3://a/b.jpg', 'imageproxy', /http/],
    ['imgproxy', '/unsafe/w:3/plain/https://a.test/b.jpg', 'vip', /buckets/],
    ['imgproxy', '/unsafe/w:3/plain/s3://a/b/c.jpg', 'vip', /slash/],
    ['imgproxy', '/unsafe/w:3/plain/s3://a/b@png', 'vip', /JPEG/],
    ['imgproxy', '/unsafe/rs:fill:3:4/plain/s3://a/b@jpg', 'vip', /square/],
    ['imgproxy', '/unsafe/rot:90/w:3/plain/s3://a/b@jpg', 'vip', /turns/],
    ['imgproxy', '/unsafe/w:3/plain/s3://a/b.jpg', 'image-server', /MD5/],
    ['imgproxy', '/unsafe/w:3/plain/s3://a/b/c.jpg', 's3imageserver', /folder/],
    ['imgproxy', '/unsafe/w:3/plain/s3://a/b.jpg@avif', 's3imageserver', /avif/],
    ['imageproxy', '/0.5x/https://a.test/b.jpg', 'imgproxy', /share/],
    ['imageproxy', '/cx3,100x/https://a.test/b.jpg', 'imgproxy', /rectangle/],
    ['image-server', `${folder}/w30.jpg`, 'imgproxy', /bucket/],
  ] as const)
    await assert.rejects(
      translatePicture(read(from, url), to),
      (error) => error instanceof PictorError && reason.test(error.reason ?? ''),
      `${url} to ${to}`,
    );
});

test('what is lost or may differ is said', async () => {
  for (const [from, url, to, ...said] of [
    ['imgproxy', '/unsafe/w:9/q:80/plain/s3://a/b.png', 'vip', /JPEG/, /black/],
    ['imgproxy', '/unsafe/w:721/q:80/plain/s3://a/b.jpg', 'vip', /720/],
    ['imgproxy', '/unsafe/w:3065/q:75/plain/s3://a/b.jpg', 's3imageserver', /3064/],
    ['imgproxy', '/unsafe/rs:fill:9:9/q:80/plain/s3://a/b.jpg', 'vip', /smaller than the box/],
    ['imgproxy', '/unsafe/ar:0/w:9/q:80/plain/s3://a/b.jpg', 'vip', /upright/],
    ['imgproxy', '/unsafe/w:9/plain/s3://a/b.gif', 'vip', /JPEG/, /black/, /first frame/],
    ['imgproxy', '/unsafe/bg:1:2:3/w:9/plain/s3://a/b.png', 's3imageserver', /stay transparent/],
    [
      'imgproxy',
      '/unsafe/w:9/fn:x/exp:9999999999/plain/https://a.test/b.jpg',
      'imageproxy',
      /save/,
      /expire/,
    ],
    ['imgproxy', '/unsafe/skp:jpg/w:9/plain/https://a.test/b', 'imageproxy', /go through/],
    ['imgproxy', '/unsafe/rs:fit:9:9:1/plain/https://a.test/b.jpg', 'imageproxy', /never makes/],
    ['imgproxy', '/unsafe/t:9/w:9/plain/https://a.test/b.jpg', 'imageproxy', /border/],
    ['s3imageserver', '/a.webp?w=9', 'imgproxy', /moving/],
  ] as const) {
    const { notes } = await translatePicture(
      read(from, url),
      to,
      from === 's3imageserver' ? place : undefined,
    );
    assert.equal(notes.length, said.length, `${url}: ${notes.join(' ')}`);
    for (const [at, pattern] of said.entries()) assert.match(notes[at]!, pattern);
  }
});

const side = fc.integer({ min: 1, max: 3000 });

test('property: what any language can say of a kept picture reads back as the same wish', async () => {
  const wishes = fc.record({
    width: side,
    height: fc.option(side, { nil: 0 }),
    fills: fc.boolean(),
    turn: fc.constantFrom(0, 90, 180, 270),
    mirror: fc.tuple(fc.boolean(), fc.boolean()),
    smart: fc.boolean(),
    quality: fc.integer({ min: 1, max: 100 }),
    format: fc.constantFrom('jpg', 'png', 'webp'),
    source: fc.constantFrom('https://a.test/b.jpg', 's3://photos/base/a.jpg', decodeURIComponent(key)),
  });
  let said = 0;
  await fc.assert(
    fc.asyncProperty(wishes, fc.constantFrom(...writerNames), async (wish, to) => {
      const { width, height, fills, turn, mirror, smart, quality, format, source } = wish;
      const raw = `/unsafe/rs:${fills ? 'fill' : 'fit'}:${width}:${height}/g:${smart ? 'sm' : 'ce'}/rot:${turn}/fl:${Number(mirror[0])}:${Number(mirror[1])}/q:${quality}/plain/${encodeURIComponent(source)}@${format}`;
      const image = read('imgproxy', raw);
      const translation = await translatePicture(image, to, place).catch((error: unknown) => {
        assert.ok(error instanceof PictorError && error.reason !== undefined, String(error));
        return null;
      });
      if (translation === null) return;
      said += 1;
      const back = wishOf(read(to, translation.url));
      assert.deepEqual(essence(back.picture!), essence(wishOf(image).picture!));
    }),
    { numRuns: 1200 },
  );
  assert.ok(said > 100, `${said} of 600`);
});

/** What must come through; growing and quality are told in notes where a language fixes them. */
function essence({ box, keeps, trims, turn, mirror, format }: WishedPicture) {
  const cut = box?.by === 'cover';
  const placed = box === null ? null : { width: box.width, height: box.height, by: box.by };
  return { placed, keeps: cut ? keeps : 'middle', trims, turn, mirror, format };
}
