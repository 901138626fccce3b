import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isVariedAlike, variedBy, variedByAll } from '../../../src/service/varied.ts';

const passed = (values: Record<string, string>) => ({ name: 'test', values, personal: false });
const answer = (vary: string) => ({ status: 200, headers: { vary } });

test('a copy is good for requests with the same values of what the source names', () => {
  const copy = variedBy(answer('X-Mine, Accept-Encoding,accept'), passed({ 'x-mine': 'a', 'x-other': 'b' }));
  assert.deepEqual(copy, { varied: { 'x-mine': 'a', accept: '' } });
  assert.ok(isVariedAlike(copy, passed({ 'x-mine': 'a', 'x-other': 'c' })));
  assert.ok(!isVariedAlike(copy, passed({ 'x-mine': 'b' })));
  assert.ok(!isVariedAlike(copy, passed({ 'x-mine': 'a', accept: 'image/webp' })));
  assert.ok(!isVariedAlike(copy, undefined));
});

test('a source that names nothing of the client makes no difference', () => {
  for (const vary of ['', '*', 'Accept-Encoding']) assert.deepEqual(variedBy(answer(vary), undefined), {});
  assert.ok(isVariedAlike({}, passed({ 'x-mine': 'a' })));
  assert.deepEqual(variedByAll([{}, { varied: { a: '1' } }, { varied: { b: '2' } }]), {
    varied: { a: '1', b: '2' },
  });
});
