import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { contentDisposition } from '../../../src/http/content-disposition.ts';

const inline = (source: string, extension = 'png', filename?: string) =>
  contentDisposition({ source, extension, filename });

const table: readonly (readonly [string, string])[] = [
  ['http://example.com/test.jpg', 'test.png'],
  ['http://example.com/path/to/', 'image.png'],
  ['http://example.com', 'image.png'],
  ['http://example.com/', 'image.png'],
  ['http://example.com/face.png', 'face.png'],
  ['http://example.com/a.tar.gz', 'a.tar.png'],
  ['http://example.com/noextension', 'noextension.png'],
  ['http://example.com/.hidden', 'image.png'],
  ['http://example.com/a.jpg?b=/c.d#e/f', 'a.png'],
  ['http://example.com/my%20face.jpg', 'my face.png'],
  ['http://example.com/a%2Fb.jpg', 'a_b.png'],
  ['http://example.com/%E0%A4%A.jpg', '%E0%A4%A.png'],
  ['local:///folder/cat.webp', 'cat.png'],
  ['s3://bucket/key.jpg', 'key.png'],
];
for (const [source, name] of table) {
  test(`${source} is saved as ${name}`, () => {
    assert.equal(inline(source), `inline; filename="${name}"`);
  });
}

test('a name in the URL wins, quotes are encoded, attachment is said', () => {
  assert.equal(inline('http://x/y.jpg', 'png', 'my"file'), 'inline; filename="my%22file.png"');
  const attached = contentDisposition({ source: 'http://x/test.jpg', extension: 'jpg', attachment: true });
  assert.equal(attached, 'attachment; filename="test.jpg"');
  assert.equal(inline('http://x/y.jpg', 'png', ''), 'inline; filename="y.png"');
});

test('a name beyond ASCII is sent twice', () => {
  assert.equal(
    inline('http://x/y', 'png', "naïve (日本)'"),
    "inline; filename=\"na_ve (__)'.png\"; filename*=UTF-8''na%C3%AFve%20%28%E6%97%A5%E6%9C%AC%29%27.png",
  );
});

test('no name makes another header, another parameter or an invalid value', () => {
  const text = fc.string({ unit: 'binary', maxLength: 300 });
  fc.assert(
    fc.property(text, text, (filename, path) => {
      const value = contentDisposition({ filename, source: `http://x/${path}`, extension: 'png' });
      assert.match(
        value,
        /^inline; filename="[ !#-[\]-~]+\.png"(; filename\*=UTF-8''[A-Za-z0-9!#$&+.^_`|~%-]+)?$/,
      );
    }),
  );
});

test('marks that turn the direction of text cannot disguise an extension', () => {
  assert.equal(inline('http://x/y', 'png', 'photo\u202egnp.exe'), 'inline; filename="photognp.exe.png"');
});

test('long names are cut', () => {
  assert.ok(inline('http://x/y', 'png', 'é'.repeat(5000)).length < 1600);
});
