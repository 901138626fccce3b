import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeHex } from '../../../src/lib/hex.ts';
import {
  decodePercent,
  urlTextFromBytes,
  withoutQueryValues,
  withoutUserInfo,
} from '../../../src/lib/url-text.ts';

test('escapes are resolved once', () => {
  for (const [text, decoded] of [
    ['plain', 'plain'],
    ['a%20b', 'a b'],
    ['%2525', '%25'],
    ['%C3%BC', 'ü'],
    ['a+b', 'a+b'],
    ['%E9', '%E9'],
    ['%e9/%C3%BC', '%E9/%C3%BC'],
    ['%41%FF', 'A%FF'],
  ] as const) {
    assert.equal(decodePercent(text), decoded, text);
  }
});

test('a broken escape is null, also beside bytes that are no UTF-8', () => {
  for (const text of ['%', '%2', '%zz', 'a%C3%BC%', '%E9%g0']) assert.equal(decodePercent(text), null, text);
});

test('bytes become text; those that are no UTF-8 become escapes', () => {
  assert.equal(urlTextFromBytes(new TextEncoder().encode('ü/\ufeffa')), 'ü/\ufeffa');
  assert.equal(urlTextFromBytes(Uint8Array.of(0x61, 0xe9, 0x00)), 'a%E9\0');
});

test('user and password of URLs are hidden, everything else stays', () => {
  for (const [text, shown] of [
    ['https://user:pass@host/a@b', 'https://***@host/a@b'],
    ['https://user@host', 'https://***@host'],
    ['https://user:p@ss@host/', 'https://***@host/'],
    [`https://user:p'a"ss@host/`, 'https://***@host/'],
    ['https://user:p%2Fss@host/', 'https://***@host/'],
    ['refused http://a:b@c/ and http://d:e@f/', 'refused http://***@c/ and http://***@f/'],
    ['/plain/http%3A%2F%2Fa%3Ab%40host%2Fc%40d', '/plain/http%3A%2F%2F***@host%2Fc%40d'],
    ['/plain/http%3a//a:b@host/c', '/plain/http%3a//***@host/c'],
    ['https://host/a@b', 'https://host/a@b'],
    ['local:///a@b', 'local:///a@b'],
    ['https://host?mail=a@b', 'https://host?mail=a@b'],
    ['user@host', 'user@host'],
  ] as const) {
    assert.equal(withoutUserInfo(text), shown, text);
  }
});

test('values in queries of URLs are hidden, their names stay', () => {
  for (const [text, shown] of [
    ['https://host/a?token=abc&size=3#part', 'https://host/a?token=***&size=***#part'],
    ['https://host/a?token=a=b==;u=', 'https://host/a?token=***;u='],
    ['https://host?abc', 'https://host?***'],
    ['https://host/?abc&k=v', 'https://host/?***&k=***'],
    ['https://host/?a=x/?y=z', 'https://host/?a=***'],
    ['http://a/?b=c and http://d/?e=f', 'http://a/?b=*** and http://d/?e=***'],
    ['https://host/a', 'https://host/a'],
    ['https://host/?', 'https://host/?'],
    ['what? a=b', 'what? a=b'],
  ] as const) {
    assert.equal(withoutQueryValues(text), shown, text);
  }
});

test('hexadecimal text', () => {
  assert.deepEqual(decodeHex('00fFa1'), Uint8Array.of(0, 255, 0xa1));
  assert.deepEqual(decodeHex(''), new Uint8Array());
  for (const text of ['0', 'zz', '0x', '00 ']) assert.equal(decodeHex(text), null, text);
});
