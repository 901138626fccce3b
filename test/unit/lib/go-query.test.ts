import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readGoQuery, type Semicolons } from '../../../src/lib/go-query.ts';

const read = (query: string, semicolons: Semicolons = 'spoils') =>
  Object.fromEntries(readGoQuery(query, semicolons));

test('pairs, of each name the first', () => {
  assert.deepEqual(read(''), {});
  assert.deepEqual(read('a=1&b=2&a=3'), { a: '1', b: '2' });
  assert.deepEqual(read('a&b=&=c&A=1'), { a: '', b: '', '': 'c', A: '1' });
  assert.deepEqual(read('a=b=c&&'), { a: 'b=c' });
});

test('escapes, and plus for a space; a pair with a broken escape does not count', () => {
  assert.deepEqual(read('a+b=%2B+%C3%A4'), { 'a b': '+ ä' });
  assert.deepEqual(read('a=%zz&b=1&c=%2'), { b: '1' });
  assert.deepEqual(read('a=%zz&a=2'), { a: '2' });
});

test('semicolons separate, or spoil their pair', () => {
  assert.deepEqual(read('a=1;b=2', 'separates'), { a: '1', b: '2' });
  assert.deepEqual(read('a=1;b=2&c=3', 'spoils'), { c: '3' });
  assert.deepEqual(read('a=1%3Bb', 'spoils'), { a: '1;b' });
});
