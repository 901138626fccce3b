import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRequestIds } from '../../../src/http/request-id.ts';

test('an acceptable id is kept, anything else replaced', () => {
  const idOf = createRequestIds();
  for (const id of ['a', 'A-b_9', 'x'.repeat(64)]) assert.equal(idOf(id), id);
  for (const id of [undefined, '', 'x'.repeat(65), 'a b', 'a\nb', 'a"b', 'ä', ['a', 'b']]) {
    assert.match(idOf(id), /^[A-Za-z0-9_-]{21}$/);
  }
});

test('new ids differ, within a process and between processes', () => {
  const first = createRequestIds();
  const second = createRequestIds();
  const ids = Array.from({ length: 10_000 }, (_, index) => (index % 2 === 0 ? first : second)(undefined));
  assert.equal(new Set(ids).size, ids.length);
  for (const id of ids) assert.match(id, /^[A-Za-z0-9_-]{21}$/);
});

test('the id of a Lambda context counts where the client sent none', () => {
  const idOf = createRequestIds();
  const context = JSON.stringify({ requestId: 'c6af9ac6-7b61' });
  assert.equal(idOf(undefined, context), 'c6af9ac6-7b61');
  assert.equal(idOf('bad id', context), 'c6af9ac6-7b61');
  assert.equal(idOf('own', context), 'own');
  const useless = [
    '',
    '{',
    '3',
    'null',
    '[]',
    '{"requestId":7}',
    '{"requestId":"a b"}',
    ['{"requestId":"a"}'],
  ];
  for (const text of useless) assert.match(idOf(undefined, text), /^[A-Za-z0-9_-]{21}$/, String(text));
  const long = JSON.stringify({ requestId: 'a', rest: 'x'.repeat(20_000) });
  assert.notEqual(idOf(undefined, long), 'a');
});
