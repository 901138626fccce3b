import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { nextAttempt } from '../../../src/hooks/schedule.ts';

const settings = { attempts: 3, maxAgeSeconds: 86_400 };
const wait = (setback: 'refused' | 'away', tries: number, refusals: number) =>
  nextAttempt(setback, { tries, refusals, added: 0, now: 0 }, settings);

test('a refusal is tried again after 1 s and after 4 s, and no more', () => {
  assert.deepEqual(
    [1, 2, 3].map((tries) => wait('refused', tries, tries)),
    [1000, 4000, null],
  );
});

test('an endpoint that is away is waited for, longer and longer, at most five minutes at a time', () => {
  assert.deepEqual(
    [1, 2, 3, 4, 5, 6, 7, 100].map((tries) => wait('away', tries, 0)),
    [1000, 4000, 30_000, 60_000, 120_000, 300_000, 300_000, 300_000],
  );
});

test('waiting does not use up the attempts that may be refused', () => {
  assert.equal(wait('refused', 20, 1), 300_000);
  assert.equal(wait('refused', 20, 3), null);
});

test('an endpoint that is down for an hour gets everything', () => {
  for (let tries = 1, now = 0; now < 3_600_000; tries += 1) {
    const next = nextAttempt('away', { tries, refusals: 0, added: 0, now }, settings);
    assert.ok(next !== null && next > now);
    now = next;
  }
});

test('nothing is tried after its time', () => {
  fc.assert(
    fc.property(fc.nat(500), fc.nat(3 * 86_400_000), fc.nat(86_400_000), (tries, now, added) => {
      const next = nextAttempt('away', { tries: tries + 1, refusals: 0, added, now }, settings);
      assert.ok(next === null ? now + 300_000 > added + 86_400_000 : next <= added + 86_400_000);
    }),
  );
});
