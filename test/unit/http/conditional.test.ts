import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isFresh, listsTag } from '../../../src/http/conditional.ts';

const tags: readonly (readonly [string, boolean])[] = [
  ['"abc"', true],
  ['W/"abc"', true],
  ['  "abc"  ', true],
  ['*', true],
  ['"x", "abc"', true],
  ['"x","y",W/"abc"', true],
  ['"x,abc", "abc"', true],
  ['abc', true],
  ['x, abc', true],
  ['W/abc', true],
  ['W/"x", W/abc\t,', true],
  ['"x"abc', false],
  ['"x" , , "abc"', true],
  ['', false],
  ['"ABC"', false],
  ['"x,abc,y"', false],
  ['"abc', false],
  ['"abcd"', false],
  ['"*"', false],
  ['"x", *', false],
  ['w/"abc"', false],
];
for (const [header, expected] of tags) {
  test(`If-None-Match: ${header} ${expected ? 'names' : 'does not name'} abc`, () => {
    assert.equal(listsTag(header, 'abc'), expected);
  });
}

test('any tag is found in any list of tags that holds it, and only there', () => {
  const tag = fc.stringMatching(/^[!#-~]{1,20}$/);
  fc.assert(
    fc.property(fc.array(tag, { minLength: 1, maxLength: 5 }), tag, fc.boolean(), (others, own, weak) => {
      const list = others.map((other) => `"${other}"`);
      assert.equal(listsTag(list.join(', '), own), others.includes(own));
      assert.equal(listsTag([...list, `${weak ? 'W/' : ''}"${own}"`].join(', '), own), true);
    }),
  );
});

test('a header of commas, quotes and blanks has an end', () => {
  for (const sign of [',', '"', ' ', 'W/', '" ,', 'a  ']) {
    assert.equal(listsTag(`${sign.repeat(100_000)}"`, 'abc'), false);
  }
});

const modified = 'Sun, 06 Nov 1994 08:49:37 GMT';
const later = 'Sun, 06 Nov 1994 08:49:38 GMT';
const earlier = 'Sun, 06 Nov 1994 08:49:36 GMT';

test('If-Modified-Since holds from the second of the last change on', () => {
  assert.equal(isFresh({ ifModifiedSince: modified }, { lastModified: modified }), true);
  assert.equal(isFresh({ ifModifiedSince: later }, { lastModified: modified }), true);
  assert.equal(isFresh({ ifModifiedSince: earlier }, { lastModified: modified }), false);
  assert.equal(isFresh({ ifModifiedSince: modified }, { etag: 'abc' }), false);
});

test('a date that is none is ignored', () => {
  for (const date of ['yesterday', '', '0', '2026-01-01']) {
    assert.equal(isFresh({ ifModifiedSince: date }, { lastModified: modified }), false);
    assert.equal(isFresh({ ifModifiedSince: later }, { lastModified: date }), false);
  }
});

test('with If-None-Match the dates are not looked at', () => {
  const known = { etag: 'abc', lastModified: modified };
  assert.equal(isFresh({ ifNoneMatch: '"other"', ifModifiedSince: later }, known), false);
  assert.equal(isFresh({ ifNoneMatch: '"abc"', ifModifiedSince: earlier }, known), true);
  assert.equal(isFresh({ ifNoneMatch: '', ifModifiedSince: later }, known), false);
  assert.equal(isFresh({ ifNoneMatch: '"abc"', ifModifiedSince: later }, { lastModified: modified }), false);
});

test('without conditions nothing is fresh', () => {
  assert.equal(isFresh({}, { etag: 'abc', lastModified: modified }), false);
});
