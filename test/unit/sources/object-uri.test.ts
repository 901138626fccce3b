import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isUsableKey, parseObjectUri } from '../../../src/sources/object-uri.ts';

test('takes everything in a key literally, and only the first separator for its end', () => {
  const read = (uri: string, separator = '?') => parseObjectUri(uri, separator);
  assert.deepEqual(read('gs://b/a/b.png'), { bucket: 'b', key: 'a/b.png', version: null });
  assert.deepEqual(read('gs://b/%20#x&y.png?17?18'), { bucket: 'b', key: '%20#x&y.png', version: '17?18' });
  assert.deepEqual(read('gs://b/a?b', ''), { bucket: 'b', key: 'a?b', version: null });
  assert.deepEqual(read('gs://b/a?b::7', '::'), { bucket: 'b', key: 'a?b', version: '7' });
  assert.deepEqual(read('gs://b/a?'), { bucket: 'b', key: 'a', version: null });
  assert.deepEqual(read('gs://b//a'), { bucket: 'b', key: '/a', version: null });
  assert.deepEqual(read('gs://B_1.x-y/ä\u{1f600}'), { bucket: 'B_1.x-y', key: 'ä\u{1f600}', version: null });
});

test('refuses what names no object', () => {
  for (const uri of [
    '',
    'gs',
    'gs://',
    'gs://b',
    'gs://b/',
    'gs:///a',
    'gs://b/?1',
    'gs://../a',
    'gs://./a',
    'gs:/b/a',
  ])
    assert.equal(parseObjectUri(uri, '?'), null, uri);
});

test('does not ask for keys that would lead elsewhere or nowhere', () => {
  for (const key of ['..', 'a/../b', './a', 'a/.', 'a\0', 'a\nb', '\ud800', 'x'.repeat(1025)])
    assert.equal(isUsableKey(key), false, JSON.stringify(key.slice(0, 20)));
  for (const key of ['a', '...', 'a..b/c', '.hidden', 'ä'.repeat(512), ' %2e%2e/', '//'])
    assert.equal(isUsableKey(key), true, JSON.stringify(key.slice(0, 20)));
});
