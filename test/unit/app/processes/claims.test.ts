import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createClaims } from '../../../../src/app/processes/claims.ts';

test('whoever asks first has the turn; the others hear when it is over', async () => {
  const claims = createClaims<string>();
  assert.deepEqual(await claims.claim('a', 'x'), { mine: true });
  assert.deepEqual(await claims.claim('b', 'y'), { mine: true });
  const [second, third] = [claims.claim('b', 'x'), claims.claim('c', 'x')];
  claims.release('a', { name: 'x', handOn: false });
  assert.deepEqual(await Promise.all([second, third]), [{ mine: false }, { mine: false }]);
  assert.equal(claims.size(), 1);
});

test('why it failed is told to all who wait', async () => {
  const claims = createClaims<string>();
  await claims.claim('a', 'x');
  const second = claims.claim('b', 'x');
  const failure = { kind: 'pictor', code: 'SOURCE_NOT_FOUND', options: {} } as const;
  claims.release('a', { name: 'x', handOn: false, failure });
  assert.deepEqual(await second, { mine: false, failure });
});

test('a turn that came to nothing is handed on to one of those who wait', async () => {
  const claims = createClaims<string>();
  await claims.claim('a', 'x');
  const second = claims.claim('b', 'x');
  const third = claims.claim('c', 'x');
  claims.release('a', { name: 'x', handOn: true });
  assert.deepEqual(await second, { mine: true });
  claims.release('b', { name: 'x', handOn: false });
  assert.deepEqual(await third, { mine: false });
  assert.equal(claims.size(), 0);
});

test('the turns of one who died are handed on, and it is not waited with', async () => {
  const claims = createClaims<string>();
  await claims.claim('a', 'x');
  void claims.claim('b', 'x');
  const third = claims.claim('c', 'x');
  claims.gone('b');
  claims.gone('a');
  assert.deepEqual(await third, { mine: true });
  claims.gone('c');
  assert.equal(claims.size(), 0);
});

test('nobody ends the turn of another', async () => {
  const claims = createClaims<string>();
  await claims.claim('a', 'x');
  claims.release('b', { name: 'x', handOn: false });
  assert.equal(claims.size(), 1);
});
