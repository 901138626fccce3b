import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PictorEvent } from '../../../src/core/events.ts';
import type { Grant } from '../../../src/request/dialect.ts';
import { type AskedRequest, createRequestCheck, type Verify } from '../../../src/service/verify-request.ts';

const asked = (headers: AskedRequest['headers'] = {}): AskedRequest => ({
  mount: '/h',
  method: 'GET',
  target: '/h/a.jpg?t=x',
  headers,
});

const none: Grant = { type: 'none' };

test('only true lets a request through', async () => {
  for (const said of [false, undefined, null, 1, 'true', {}]) {
    const check = createRequestCheck((() => said) as unknown as Verify, () => {});
    await assert.rejects(check(none, asked()), { code: 'TOKEN_INVALID' });
  }
  await createRequestCheck(
    () => true,
    () => {},
  )(none, asked());
  await createRequestCheck(
    async () => true,
    () => {},
  )(none, asked());
});

test('what throws, now or later, is a refusal, and told', async () => {
  for (const verify of [
    () => {
      throw new Error('no database');
    },
    () => Promise.reject(new Error('no database')),
  ]) {
    const events: PictorEvent[] = [];
    const check = createRequestCheck(verify, (event) => events.push(event));
    await assert.rejects(check(none, asked()), { code: 'TOKEN_INVALID' });
    assert.equal(events.length, 1);
    assert.match(JSON.stringify(events), /verify failed.*no database/);
  }
});

test('the token is that of the URL, else the one behind Bearer', async () => {
  const seen: (string | null)[] = [];
  const check = createRequestCheck(
    (token) => {
      seen.push(token);
      return true;
    },
    () => {},
  );
  await check({ type: 'bearer', token: 'abc' }, asked({ authorization: 'Bearer other' }));
  await check({ type: 'bearer', token: null }, asked({ authorization: 'Bearer other' }));
  await check(none, asked({ authorization: 'bearer  xyz ' }));
  await check(none, asked({ authorization: 'Basic xyz' }));
  await check(none, asked());
  assert.deepEqual(seen, ['abc', null, 'xyz', null, null]);
});
