import assert from 'node:assert/strict';
import { test } from 'node:test';
import { classifyBodyFailure, classifyHeadFailure } from '../../../src/sources/http-errors.ts';

for (const code of ['EMFILE', 'ENFILE', 'ENOBUFS']) {
  test(`${code} is our own exhaustion, not a source that cannot be reached`, () => {
    const thrown = Object.assign(new Error('connect'), { code });
    for (const classify of [classifyHeadFailure, classifyBodyFailure]) {
      const { code: ours, retryAfterSeconds } = classify(thrown);
      assert.deepEqual([ours, retryAfterSeconds], ['BUSY', 2]);
    }
  });
}

test('a refused connection is the source that cannot be reached', () => {
  const thrown = Object.assign(new Error('connect'), { code: 'ECONNREFUSED' });
  assert.equal(classifyHeadFailure(thrown).code, 'SOURCE_UNREACHABLE');
});
