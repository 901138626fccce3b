import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withHiddenValues } from '../../../src/lib/hidden-values.ts';

const cases: readonly (readonly [target: string, shown: string])[] = [
  ['/h/a.jpg', '/h/a.jpg'],
  ['/h/a.jpg?', '/h/a.jpg?'],
  ['/h/a.jpg?w=3&t=secret', '/h/a.jpg?w=3&t=…'],
  ['/h/a.jpg?t=secret;w=3&&t=another=one', '/h/a.jpg?t=…;w=3&&t=…'],
  ['/h/a.jpg?%74=secret', '/h/a.jpg?%74=…'],
  ['/h/a.jpg?t', '/h/a.jpg?t'],
  ['/h/t=a.jpg?at=b&T=c&%zz=d&=e', '/h/t=a.jpg?at=b&T=c&%zz=d&=e'],
];

for (const [target, shown] of cases) {
  test(`${target} is shown as ${shown}`, () => {
    assert.equal(withHiddenValues(target, ['t']), shown);
  });
}
