import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseBind } from '../../../src/http/bind.ts';

test('reads host and port, port alone, IPv6 and Unix sockets', () => {
  assert.deepEqual(parseBind('127.0.0.1:8080'), { host: '127.0.0.1', port: 8080 });
  assert.deepEqual(parseBind('localhost:0'), { host: 'localhost', port: 0 });
  assert.deepEqual(parseBind(':8080'), { port: 8080 });
  assert.deepEqual(parseBind('[::1]:443'), { host: '::1', port: 443 });
  assert.deepEqual(parseBind('unix:/run/pictor.sock'), { path: '/run/pictor.sock' });
});

test('anything else is no address', () => {
  for (const text of [
    '',
    '8080',
    'host',
    'host:',
    ':',
    ':65536',
    ':-1',
    ':8080x',
    '::1:80',
    '[zz]:80',
    '[127.0.0.1]:80',
    'unix:',
    'a b:80',
    'http://x:80',
  ]) {
    assert.equal(parseBind(text), null, text);
  }
});
