import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { compileGlob } from '../../../src/lib/shell-glob.ts';

/** Pattern, text, and whether it matches; as Go's `path.Match` has it. */
const cases: readonly (readonly [pattern: string, text: string, matches: boolean])[] = [
  ['abc', 'abc', true],
  ['abc', 'abcd', false],
  ['*', 'abc', true],
  ['*', '', true],
  ['*c', 'abc', true],
  ['a*/b', 'abc/b', true],
  ['a*', 'ab/c', false],
  ['a*b?c*x', 'abxbbxdbxebxczzx', true],
  ['a?b', 'a☺b', true],
  ['a?b', 'a/b', false],
  ['ab[c]', 'abc', true],
  ['ab[b-d]', 'abc', true],
  ['ab[e-g]', 'abc', false],
  ['ab[^c]', 'abc', false],
  ['ab[^e-g]', 'abc', true],
  ['a[^a]b', 'a☺b', true],
  ['[a-ζ]*', 'α', true],
  ['*[a-ζ]', 'A', false],
  ['[\\]a]', ']', true],
  ['[x\\-]', '-', true],
  ['[\\-x]', 'a', false],
  ['a\\*b', 'a*b', true],
  ['a\\*b', 'axb', false],
  ['*x', 'xxx', true],
  ['*.example.com', 'a.b.example.com', true],
  ['*.example.com', 'example.com', false],
  ['*.example.com', 'a.EXAMPLE.com', false],
  ['a.c', 'abc', false],
  ['[z-a]', 'b', false],
  ['[^z-a]', 'b', true],
];

for (const [pattern, text, matches] of cases) {
  test(`${pattern} and ${text}`, () => assert.equal(compileGlob(pattern)?.test(text), matches));
}

for (const pattern of ['[', '[^', '[^bc', '[-]', '[x-]', '[-x]', '[]a]', '[a-b-c]', 'a\\', 'a[', '[a-']) {
  test(`no pattern: ${pattern}`, () => assert.equal(compileGlob(pattern), null));
}

test('text that stands for itself matches itself alone', () => {
  const plain = fc.string({ unit: 'binary' }).filter((text) => text.isWellFormed());
  fc.assert(
    fc.property(plain, plain, (text, other) => {
      const pattern = text.replaceAll(/[*?[\\]/g, '\\$&');
      assert.equal(compileGlob(pattern)?.test(text), true);
      assert.equal(compileGlob(pattern)?.test(other), other === text);
    }),
  );
});
