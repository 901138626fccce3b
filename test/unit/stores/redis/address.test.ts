import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseRedisUrl } from '../../../../src/stores/redis/address.ts';

test('reads the address of a Redis in all its forms', () => {
  const forms: readonly (readonly [string, object])[] = [
    ['redis://cache', { host: 'cache', port: 6379, db: 0 }],
    ['redis://cache:6380/2', { host: 'cache', port: 6380, db: 2 }],
    ['redis://:p%40ss@cache', { host: 'cache', port: 6379, db: 0, password: 'p@ss' }],
    [
      'rediss://me:secret@cache/',
      { host: 'cache', port: 6379, db: 0, tls: {}, username: 'me', password: 'secret' },
    ],
    ['redis://[::1]:6379', { host: '::1', port: 6379, db: 0 }],
    ['/run/redis.sock', { path: '/run/redis.sock', db: 0 }],
    ['unix:///run/redis.sock?db=3&password=x', { path: '/run/redis.sock', db: 3, password: 'x' }],
  ];
  for (const [text, options] of forms) assert.deepEqual(parseRedisUrl(text)?.options, options, text);
});

test('never shows a secret of an address', () => {
  for (const url of ['rediss://me:secret@cache:1/0', 'unix:///run/r.sock?username=me&password=secret']) {
    const shown = parseRedisUrl(url)?.shown ?? assert.fail(url);
    assert.doesNotMatch(shown, /secret|me/);
  }
});

test('refuses what is no address of a Redis', () => {
  for (const text of [
    '',
    'cache',
    'cache:6379',
    'http://cache',
    'redis://',
    'redis://cache/x',
    'redis://cache?db=1',
    'unix:///s?d=1',
    'redis://a:%zz@b',
  ])
    assert.equal(parseRedisUrl(text), null, text);
});
