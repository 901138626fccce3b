import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRequestIds } from '../../../src/http/request-id.ts';

test('an acceptable id is kept, anything else replaced', () => {
  const idOf = createRequestIds();
  for (const id of ['a', 'A-b_9', 'x'.repeat(64)]) assert.equal(idOf(id), id);
  for (const id of [undefined, '', 'x'.repeat(65), 'a b', 'a\nb', 'a"b', 'ä', ['a', 'b']]) {
    assert.match(idOf(id), /^[A-Za-z0-9_-]{8}-[a-z0-9]+$/);
  }
});

test('new ids differ, within a process and between processes', () => {
  const first = createRequestIds();
  const second = createRequestIds();
  const ids = Array.from({ length: 1000 }, (_, index) => (index % 2 === 0 ? first : second)(undefined));
  assert.equal(new Set(ids).size, 1000);
});
